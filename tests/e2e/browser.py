"""A real browser without a window: Chromium, driven by its own chromedriver over the WebDriver protocol."""

import base64
import json
import re
import subprocess
import tempfile
import time
import urllib.request

from proxy import PATIENCE, which

ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--allow-pre-commit-input",
]


class Browser:
    def __init__(self, *args):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.driver = subprocess.Popen([which("chromedriver"), "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.session = ""
        port = None
        for line in self.driver.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                port = found[1]
                break
        assert port, "chromedriver said no port"
        self.url = f"http://127.0.0.1:{port}/session"
        options = {"binary": which("chromium"), "args": [*ARGS, f"--user-data-dir={self.profile.name}", *args]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        self.session = "/" + self.ask("", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def ask(self, path, body=None, method=None):
        r = urllib.request.Request(
            self.url + self.session + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method or ("GET" if body is None else "POST"),
        )
        with urllib.request.urlopen(r, timeout=60 * PATIENCE) as answer:
            return json.load(answer)["value"]

    def devtools(self, command, **params):
        return self.ask("/goog/cdp/execute", {"cmd": command, "params": params})

    def scripts(self, on):
        """Whether pages' own scripts run; run() works in any case."""
        self.devtools("Emulation.setScriptExecutionDisabled", value=not on)

    def open(self, path, width=1200, height=900, dark=False, media=""):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.devtools(
            "Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        )
        self.ask("/url", {"url": path if "://" in str(path) else f"file://{path}"})

    def run(self, script, *args):
        return self.ask("/execute/sync", {"script": script, "args": list(args)})

    def press(self, key):
        """A key, by its WebDriver code; what has the focus gets it."""
        keys = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.ask("/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": keys}]})

    def screenshot(self, path):
        """All of the page."""
        shot = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        with open(path, "wb") as f:
            f.write(base64.b64decode(shot["data"]))

    def complaints(self):
        return self.ask("/se/log", {"type": "browser"})

    def close(self):
        try:
            if self.session:
                self.ask("", method="DELETE")
        finally:
            self.driver.terminate()
            self.driver.wait(30)
            self.driver.stdout.close()
            end = time.monotonic() + 5
            while time.monotonic() < end:
                try:
                    self.profile.cleanup()
                    break
                except OSError:
                    time.sleep(0.1)

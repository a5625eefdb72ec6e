"""A client's driver: a program that is given a job per line and answers each with a line (PROTOCOL.md)."""

import json
import os
import queue
import subprocess
import tempfile
import threading

from clients import Rec, _b64, _unb64
from lab.kafka import ROOT, java

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(ROOT, "build", "e2e", "matrix")


def command(kind, name):
    if kind == "java":
        return java(name)
    if kind == "python":
        return [os.path.join(OUT, "venv", "bin", "python"), "-B", os.path.join(HERE, "drivers", "python", name)]
    if kind == "node":
        return [os.path.join(OUT, "venv", "bin", "node"), os.path.join(OUT, "node", name)]
    assert kind == "binary"
    return [os.path.join(OUT, name)]


def job_record(r):
    out = {"p": r.partition, "k": _b64(r.key), "v": _b64(r.value), "h": [[_b64(n), _b64(v)] for n, v in r.headers]}
    if r.timestamp is not None:
        out["t"] = r.timestamp
    return out


def result_record(r):
    headers = [(_unb64(n) or b"", _unb64(v)) for n, v in r.get("h") or []]
    return Rec(_unb64(r["k"]), _unb64(r["v"]), headers, r["t"], r["p"], r["o"])


class Driver:
    def __init__(self, command):
        self.command = command
        self.err = tempfile.TemporaryFile()
        self.proc = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.err)
        self.answers = queue.Queue()
        threading.Thread(target=self._read, args=(self.proc.stdout,), daemon=True).start()

    def _read(self, stream):
        for line in stream:
            self.answers.put(line)
        self.answers.put(None)

    def said(self):
        self.err.seek(0)
        return self.err.read().decode(errors="replace")[-6000:]

    def ask(self, patience=180, **job):
        """The answer; {"error": …} is one."""
        self.proc.stdin.write(json.dumps(job).encode() + b"\n")
        self.proc.stdin.flush()
        try:
            line = self.answers.get(timeout=patience)
        except queue.Empty:
            self.close()
            raise AssertionError(f"{self.command}: no answer to {job['op']} within {patience} s\n{self.said()}") from None
        assert line is not None, f"{self.command} ended with {self.proc.wait()} at {job['op']}\n{self.said()}"
        return json.loads(line)

    def alive(self):
        return self.proc.poll() is None

    def close(self):
        try:
            self.proc.stdin.close()
        except OSError:
            pass
        try:
            self.proc.wait(20)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait()

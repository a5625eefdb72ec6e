"""A KMS of the tests' own, on 127.0.0.1: it checks SigV4, signs, and fails in the ways that it is told to."""

import base64
import hashlib
import hmac
import json
import re
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

KEY_ID, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "IQoJb3JpZ2luX2VjEXAMPLE+TOKEN="
REGION = "eu-central-1"
ARN = f"arn:aws:kms:{REGION}:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

KINDS = {
    "ECC_NIST_P256": ("ECDSA_SHA_256", lambda: ec.generate_private_key(ec.SECP256R1())),
    "ECC_NIST_P384": ("ECDSA_SHA_384", lambda: ec.generate_private_key(ec.SECP384R1())),
    "RSA_3072": ("RSASSA_PSS_SHA_256", lambda: rsa.generate_private_key(65537, 3072)),
}


class FakeKms:
    """fail: None, a KMS error's name, a status, or "hang": no answer until it is something else."""

    def __init__(self, spec="ECC_NIST_P256"):
        self.spec = spec
        self.algorithm, make = KINDS[spec]
        self.key = make()
        self.changed = threading.Condition()
        self._fail = None
        self.signed, self.asked, self.connections, self.wrong = 0, 0, 0, []
        kms = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                with kms.changed:
                    kms.connections += 1

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                kms.answer(self, body)

            def give(self, status, tree=None):
                out = b"" if tree is None else json.dumps(tree).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(out)))
                self.end_headers()
                self.wfile.write(out)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # who asked has gone: it was told to hang

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    url = property(lambda self: f"http://127.0.0.1:{self.server.server_port}")

    @property
    def env(self):
        return {
            "AWS_ENDPOINT_URL_KMS": self.url,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_SESSION_TOKEN": TOKEN,
        }

    @property
    def fail(self):
        return self._fail

    @fail.setter
    def fail(self, how):
        with self.changed:
            self._fail = how
            self.changed.notify_all()

    def close(self):
        self.fail = None
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def public_pem(self):
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    # -- requests

    def answer(self, to, body):
        with self.changed:
            self.asked += 1
            while self._fail == "hang":
                self.changed.wait()
            fail = self._fail
        refusal = self.not_ours(to.headers, body)
        if refusal:
            with self.changed:
                self.wrong.append(refusal)
            return to.give(400, {"__type": "InvalidSignatureException", "message": f"{refusal}; it had x-amz-security-token:{TOKEN}"})
        if isinstance(fail, int):
            return to.give(fail)
        if fail:
            return to.give(400, {"__type": fail, "message": f"told by the test, in {REGION}"})
        request = json.loads(body)
        if request.get("KeyId") != ARN:
            return to.give(400, {"__type": "NotFoundException", "message": "no such key"})
        if to.headers["X-Amz-Target"] == "TrentService.GetPublicKey":
            der = self.key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
            return to.give(
                200,
                {
                    "KeyId": ARN,
                    "PublicKey": base64.b64encode(der).decode(),
                    "KeySpec": self.spec,
                    "CustomerMasterKeySpec": self.spec,
                    "KeyUsage": "SIGN_VERIFY",
                    "SigningAlgorithms": [self.algorithm],
                },
            )
        if to.headers["X-Amz-Target"] != "TrentService.Sign":
            return to.give(400, {"__type": "UnknownOperationException"})
        if request["MessageType"] != "DIGEST" or request["SigningAlgorithm"] != self.algorithm:
            return to.give(400, {"__type": "ValidationException", "message": "not an algorithm of this key"})
        sig = self.sign(base64.b64decode(request["Message"], validate=True))
        with self.changed:
            self.signed += 1
        return to.give(200, {"KeyId": ARN, "Signature": base64.b64encode(sig).decode(), "SigningAlgorithm": self.algorithm})

    def sign(self, digest):
        h = utils.Prehashed(hashes.SHA384() if self.algorithm == "ECDSA_SHA_384" else hashes.SHA256())
        if self.algorithm.startswith("ECDSA"):
            return self.key.sign(digest, ec.ECDSA(h))
        return self.key.sign(digest, padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256().digest_size), h)

    @staticmethod
    def not_ours(headers, body):
        """Why the request isn't signed as AWS Signature Version 4 demands; None: it is."""
        m = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})",
            headers.get("Authorization", ""),
        )
        if not m:
            return "no signature"
        key, date, region, service, names, given = m.groups()
        time = headers["X-Amz-Date"]
        at = datetime.strptime(time, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
        if (key, region, service) != (KEY_ID, REGION, "kms") or not time.startswith(date):
            return "another scope"
        if abs(datetime.now(timezone.utc) - at) > timedelta(minutes=5):
            return "the signature has expired"
        if headers.get("X-Amz-Security-Token") != TOKEN:
            return "another token"
        names = names.split(";")
        if names != sorted(names) or not {"host", "x-amz-date", "x-amz-target", "x-amz-security-token", "content-type"} <= set(names):
            return "headers are not signed"
        if headers["Content-Type"] != "application/x-amz-json-1.1":
            return "another content type"
        canonical = "POST\n/\n\n" + "".join(f"{n}:{headers[n].strip()}\n" for n in names) + "\n" + ";".join(names) + "\n"
        canonical += hashlib.sha256(body).hexdigest()
        scope = f"{date}/{region}/{service}/aws4_request"
        to_sign = f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        k = b"AWS4" + SECRET.encode()
        for part in (date, region, service, "aws4_request"):
            k = hmac.digest(k, part.encode(), "sha256")
        return None if hmac.compare_digest(hmac.digest(k, to_sign.encode(), "sha256").hex(), given) else "the signature is wrong"

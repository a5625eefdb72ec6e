"""Certificates for tests, made by openssl: an authority, and what it signs."""

import fcntl
import os
import subprocess


def _openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True)


class Cert:
    """name.crt, name.key (PKCS#8, 0600), and name.pem: key and chain in one, as Kafka's PEM key stores are."""

    def __init__(self, pki, name):
        self.name = name
        self.crt, self.key, self.pem = (os.path.join(pki.dir, f"{name}.{x}") for x in ("crt", "key", "pem"))


class Pki:
    def __init__(self, directory, name="lab-ca"):
        self.dir = str(directory)
        os.makedirs(self.dir, exist_ok=True)
        self.ca, self.ca_key = os.path.join(self.dir, name + ".crt"), os.path.join(self.dir, name + ".key")
        if not os.path.exists(self.ca):
            _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "365",
                     "-subj", f"/CN={name}", "-keyout", self.ca_key, "-out", self.ca)  # fmt: skip

    def make(self, name, san="", days=365, into=None):
        """A certificate for CN=name; san like "DNS:localhost,IP:127.0.0.1".  `into` replaces another's files, in place."""
        c = Cert(self, name)
        csr, ext = os.path.join(self.dir, name + ".csr"), os.path.join(self.dir, name + ".ext")
        with open(ext, "w") as f:
            f.write("extendedKeyUsage=serverAuth,clientAuth\n" + (f"subjectAltName={san}\n" if san else ""))
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                 "-keyout", c.key, "-out", csr)  # fmt: skip
        with open(self.ca_key) as lock:  # runs that share a cluster share its file of serial numbers
            fcntl.flock(lock, fcntl.LOCK_EX)
            _openssl("x509", "-req", "-in", csr, "-CA", self.ca, "-CAkey", self.ca_key, "-CAcreateserial", "-days", str(days),
                     "-out", c.crt, "-extfile", ext)  # fmt: skip
        with open(c.pem, "w") as f:
            for part in (c.key, c.crt):
                with open(part) as g:
                    f.write(g.read())
        os.chmod(c.key, 0o600)
        if into is not None:
            os.replace(c.key, into.key)
            os.replace(c.crt, into.crt)
        return c

"""A Kerberos realm (MIT krb5) on loopback, run by whoever runs the tests: its database, keytabs and configuration are one folder."""

import os
import socket
import subprocess

from lab.kafka import until

REALM = "MAKOTO.TEST"


class Kdc:
    def __init__(self, directory, port):
        self.dir, self.port = str(directory), port
        self.conf = os.path.join(self.dir, "krb5.conf")
        self.log = os.path.join(self.dir, "kdc.log")
        self.env = os.environ | {
            "KRB5_CONFIG": self.conf,
            "KRB5_KDC_PROFILE": os.path.join(self.dir, "kdc.conf"),
            "PATH": os.environ["PATH"] + ":/usr/sbin",
        }
        self.proc = None

    def keytab(self, principal):
        return os.path.join(self.dir, principal.replace("/", "-") + ".keytab")

    def _run(self, *args):
        subprocess.run(args, env=self.env, check=True, capture_output=True, timeout=60)

    def start(self, *principals):
        """A keytab for each principal."""
        os.makedirs(self.dir, exist_ok=True)
        with open(self.conf, "w") as f:
            # TCP alone: Java falls back to it only after a UDP answer that never comes.
            f.write(f"[libdefaults]\ndefault_realm={REALM}\ndns_lookup_kdc=false\ndns_lookup_realm=false\nrdns=false\n"
                    f"dns_canonicalize_hostname=false\nudp_preference_limit=1\n"
                    f"[realms]\n{REALM}={{\n kdc=127.0.0.1:{self.port}\n}}\n"
                    f"[domain_realm]\nlocalhost={REALM}\n")
        with open(self.env["KRB5_KDC_PROFILE"], "w") as f:
            f.write(f"[kdcdefaults]\nkdc_listen=127.0.0.1:{self.port}\nkdc_tcp_listen=127.0.0.1:{self.port}\n"
                    f"[realms]\n{REALM}={{\n database_name={self.dir}/principal\n key_stash_file={self.dir}/stash\n"
                    f" acl_file={self.dir}/acl\n}}\n[logging]\nkdc=FILE:{self.log}\n")
        self._run("kdb5_util", "create", "-r", REALM, "-s", "-P", "of-the-tests")
        for p in principals:
            self._run("kadmin.local", "-r", REALM, "-q", f"addprinc -randkey {p}")
            self._run("kadmin.local", "-r", REALM, "-q", f"ktadd -k {self.keytab(p)} {p}")
        self.proc = subprocess.Popen(["krb5kdc", "-n", "-r", REALM], env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until("the KDC listens", lambda: socket.create_connection(("127.0.0.1", self.port), 5).close() is None)

    def stop(self):
        if self.proc is not None:
            self.proc.terminate()
            self.proc.wait(30)

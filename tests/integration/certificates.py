"""Certificate authorities and certificates for tests, made by the program `openssl`."""

import os
import subprocess


class Authority:
    """One CA in a folder of its own. Certificates that it issues are pairs of paths: (certificate, key)."""

    def __init__(self, folder, name="ca"):
        self.folder = os.path.join(folder, name)
        os.makedirs(self.folder)
        self.certificate, self.key = self._path(name, "pem"), self._path(name, "key")
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.key, "-out", self.certificate,
                      "-days", "2", "-subj", f"/CN={name}")
        self._serial = 1

    def issue(self, name, days=2, alternative_name=None, kind="rsa:2048"):
        """`days` below zero: expired. `alternative_name`: like IP:127.0.0.1."""
        certificate, key, request = (self._path(name, end) for end in ("pem", "key", "csr"))
        options = ["-pkeyopt", "ec_paramgen_curve:prime256v1"] if kind == "ec" else []
        self._openssl("req", "-newkey", kind, *options, "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        self._serial += 1
        extensions = []
        if alternative_name:
            extensions = ["-extfile", self._path(name, "ext")]
            with open(extensions[1], "w", encoding="ascii") as file:
                file.write(f"subjectAltName={alternative_name}\n")
        self._openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-days", str(days),
                      "-set_serial", str(self._serial), "-out", certificate, *extensions)
        return certificate, key

    def _path(self, name, end):
        return os.path.join(self.folder, f"{name}.{end}")

    @staticmethod
    def _openssl(*arguments):
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"openssl {arguments[0]}: {done.stderr}")

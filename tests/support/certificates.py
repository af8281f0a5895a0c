"""Certificates for tests, made by the `openssl` command: authorities, and what they vouch for, also wrongly."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agents.demo.ports import LOOPBACK

HERE = f"IP:{LOOPBACK},DNS:localhost"
_CONFIG = """[ca]
default_ca = own
[own]
database = {folder}/index.txt
new_certs_dir = {folder}
serial = {folder}/serial
default_md = sha256
policy = any
copy_extensions = copy
x509_extensions = leaf
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = any_name
[any_name]
[leaf]
basicConstraints = critical,CA:false
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
"""


class Authority:
    """An authority of its own in `folder`; `ca_file` is what a client trusts."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder / name
        self._folder.mkdir(parents=True)
        self._config = self._folder / "openssl.cnf"
        self._config.write_text(_CONFIG.format(folder=self._folder))
        (self._folder / "index.txt").touch()
        (self._folder / "serial").write_text("01\n")
        self.ca_file = self._folder / "ca.pem"
        self._key = self._folder / "ca.key"
        self._openssl(
            *("req", "-x509", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-extensions", "authority"),
            *(*_NEW_KEY, "-keyout", str(self._key), "-out", str(self.ca_file)),
        )

    def vouch(self, name: str, names: str = HERE, *, days: int = 1) -> Path:
        """A PEM file with a key and its certificate for `names` (subjectAltName); with negative `days` it ended then.

        The subject is CN=`name`. The file serves Kafka, Redis and Python as certificate file and as key file.
        """
        key, request, signed = (self._folder / f"{name}.{kind}" for kind in ("key", "csr", "crt"))
        now = datetime.now(UTC)
        start, end = now - timedelta(days=10), now + timedelta(days=days)
        self._openssl(
            *("req", "-new", "-nodes", "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}"),
            *(*_NEW_KEY, "-keyout", str(key), "-out", str(request)),
        )
        self._openssl(
            *("ca", "-batch", "-notext", "-cert", str(self.ca_file), "-keyfile", str(self._key)),
            *("-startdate", f"{start:%Y%m%d%H%M%SZ}", "-enddate", f"{end:%Y%m%d%H%M%SZ}"),
            *("-in", str(request), "-out", str(signed)),
        )
        both = self._folder / f"{name}.pem"
        both.write_text(key.read_text() + signed.read_text())
        return both

    def _openssl(self, command: str, *arguments: str) -> None:
        done = subprocess.run(
            ["openssl", command, "-config", str(self._config), *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode != 0:
            raise RuntimeError(f"openssl {command} failed:\n{done.stderr}")


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")

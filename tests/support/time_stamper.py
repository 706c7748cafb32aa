"""A time-stamp authority of this test's own, by the `openssl` of this machine."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.receiver import Reply, Request

_CONFIG = """\
[tsa]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[signer]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[req]
distinguished_name = name
[name]
"""


class TimeStamper:
    """The authority: its certificates are made anew.

    Attributes:
        root: the certificate that is to be trusted.
    """

    def __init__(self, folder: Path) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("there is no openssl on this machine")
        folder.mkdir()
        self._folder = folder
        self.root = folder / "ca.pem"
        (folder / "config").write_text(_CONFIG)
        (folder / "serial").write_text("01\n")
        new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc")
        self._openssl(
            "req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "9999",
            "-subj", "/CN=a root", "-config", "config", "-extensions", "ca",
        )  # fmt: skip
        self._openssl(
            "req", *new_key, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=a stamper", "-config", "config"
        )  # fmt: skip
        self._openssl(
            "x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-out", "tsa.pem", "-days", "9999",
            "-extfile", "config", "-extensions", "signer", "-set_serial", "2",
        )  # fmt: skip

    def answer(self, request: Request) -> Reply:
        """Stamp what was asked for."""
        (self._folder / "query").write_bytes(request.body)
        self._openssl(
            "ts", "-reply", "-queryfile", "query", "-signer", "tsa.pem", "-inkey", "tsa.key",
            "-config", "config", "-section", "tsa", "-out", "reply",
        )  # fmt: skip
        return Reply(
            200, (self._folder / "reply").read_bytes(), (("Content-Type", "application/timestamp-reply"),)
        )

    def verify(self, data: bytes, response: bytes) -> bool:
        """Whether `openssl ts -verify` is content with a time stamp of this data."""
        (self._folder / "data").write_bytes(data)
        (self._folder / "response").write_bytes(response)
        done = subprocess.run(
            ["openssl", "ts", "-verify", "-data", "data", "-in", "response", "-CAfile", "ca.pem"],
            cwd=self._folder,
            capture_output=True,
            check=False,
        )
        return done.returncode == 0

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self._folder, capture_output=True, check=True)

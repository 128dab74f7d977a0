"""The file that the configuration names is read where it is one, and nothing else is waited for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitops_mcp.adapters.secrets.sealed import read_certificate
from gitops_mcp.errors import InvalidRequest


def test_a_file_is_read_and_a_link_to_one(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_bytes(b"pem")
    (tmp_path / "link.pem").symlink_to("cert.pem")
    assert read_certificate(str(tmp_path / "link.pem")) == b"pem"


@pytest.mark.parametrize("kind", ["a pipe", "/dev/zero", "/dev/tty", "a folder", "nothing", "a large file"])
def test_what_is_no_file_of_certificates_is_refused_at_once(kind: str, tmp_path: Path) -> None:
    path = Path(kind) if kind.startswith("/") else tmp_path / "cert.pem"
    match kind:
        case "a pipe":
            os.mkfifo(path)
        case "a folder":
            path.mkdir()
        case "a large file":
            path.write_bytes(b"x" * (2**20 + 1))
    with pytest.raises(InvalidRequest, match=f"^passwords.sealedSecrets.certificate: {path}"):
        read_certificate(str(path))

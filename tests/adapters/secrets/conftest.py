from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyrage
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import NameOID

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.adapters.kube_start import KubeStart, read_files
from gitops_mcp.adapters.secrets.interface import WantedSecret
from gitops_mcp.sandbox.api import SandboxApi, Store, kubeconfig_text
from gitops_mcp.sandbox.store.resources import NAMESPACE
from tests.adapters.secrets.openers import SOPS, Cluster
from tests.sandbox.conftest import TOKEN, Http

NOW = datetime(2026, 6, 1, tzinfo=UTC)
WANTED = WantedSecret("shop", "orders-my-role", "my_role")


def now() -> datetime:
    return NOW


def certificate(
    key: CertificateIssuerPrivateKeyTypes,
    *,
    since: timedelta = timedelta(days=-1),
    until: timedelta = timedelta(days=1),
) -> bytes:
    """Self-signed, as the controller's are; valid from and to, as seen from `NOW`."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sealed-secret")])
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=NOW + since,
        not_valid_after=NOW + until,
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class Age:
    identity: str
    recipient: str


@pytest.fixture(scope="module")
def age() -> Age:
    identity = pyrage.x25519.Identity.generate()
    return Age(str(identity), str(identity.to_public()))


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


Script = Callable[[str], Path]


@pytest.fixture
def sops_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Puts a shell script first on PATH as `sops`; it may write into the folder `$record`, which is the answer."""

    def written(script: str) -> Path:
        record, folder = tmp_path / "record", tmp_path / "first-on-path"
        record.mkdir()
        folder.mkdir()
        program = folder / "sops"
        program.write_text(f"#!/bin/sh\nrecord={record}\nreal={SOPS}\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        return record

    return written


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    store = Store()
    store.create(NAMESPACE, {"metadata": {"name": "shop"}})
    api = SandboxApi(store, token=TOKEN)
    url = api.start()
    path = tmp_path_factory.mktemp("cluster") / "kubeconfig"
    path.write_text(kubeconfig_text(url, TOKEN, namespace="shop"))
    yield Cluster(Kube(context=None, timeout=10, start=KubeStart((path,), read_files((path,)))), Http(url))
    api.stop()

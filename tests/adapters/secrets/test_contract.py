"""What holds for every provider, looked at behind the controller that makes a Secret of what it gives."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from gitops_mcp.adapters.secrets.cluster import ClusterSecrets
from gitops_mcp.adapters.secrets.external import ExternalSecrets
from gitops_mcp.adapters.secrets.interface import Provider, WantedSecret
from gitops_mcp.adapters.secrets.sealed import SealedSecrets
from gitops_mcp.adapters.secrets.sops import Sops
from gitops_mcp.domain.objects import Object
from tests.adapters.secrets.conftest import WANTED, Age, Script, certificate, now
from tests.adapters.secrets.openers import Cluster, decrypted, generated_by_external_secrets, unsealed

PLACE = "clusters/prod/shop/secret-my-role.yaml"


@dataclass(frozen=True)
class Made:
    text: str
    """What Git gets; empty where it gets nothing."""
    secret: Object

    @property
    def password(self) -> str:
        return str(self.secret["stringData"]["password"])


@dataclass(frozen=True)
class Subject:
    provider: Provider
    open: Callable[[str], Object]

    def make(self, wanted: WantedSecret) -> Made:
        path = self.provider.path(PLACE)
        text = self.provider.file(wanted, path)
        return Made(text, self.open(text))


@dataclass(frozen=True)
class ClusterSubject:
    """Leaves nothing behind, so that the next call may take the same name."""

    provider: ClusterSecrets
    cluster: Cluster

    def make(self, wanted: WantedSecret) -> Made:
        uid = self.provider.put(wanted, change="add-my-role", owner="a1")
        secret = self.cluster.opened(wanted)
        assert self.provider.remove(wanted.namespace, wanted.name, change="add-my-role", uid=uid)
        return Made("", secret)


@pytest.fixture
def external_secrets() -> Subject:
    return Subject(ExternalSecrets(), generated_by_external_secrets)


@pytest.fixture
def sealed_secrets(rsa_key: rsa.RSAPrivateKey) -> Subject:
    return Subject(SealedSecrets(certificate(rsa_key), now), lambda text: unsealed(text, rsa_key))


@pytest.fixture
def sops(age: Age) -> Subject:
    files = {".sops.yaml": f"creation_rules:\n  - path_regex: \\.sops\\.ya?ml$\n    age: {age.recipient}\n"}
    return Subject(Sops(files.get), lambda text: decrypted(text, age.identity))


@pytest.fixture
def cluster_secrets(cluster: Cluster) -> ClusterSubject:
    return ClusterSubject(ClusterSecrets(cluster.kube), cluster)


@pytest.fixture(params=["external_secrets", "sealed_secrets", "sops", "cluster_secrets"])
def subject(request: pytest.FixtureRequest) -> Subject | ClusterSubject:
    found: Subject | ClusterSubject = request.getfixturevalue(request.param)
    return found


def test_the_secret_is_basic_auth_with_the_label_and_the_names_that_were_wanted(
    subject: Subject | ClusterSubject,
) -> None:
    secret = subject.make(WANTED).secret
    metadata = secret["metadata"]
    assert (secret["kind"], secret["type"]) == ("Secret", "kubernetes.io/basic-auth")
    assert (metadata["namespace"], metadata["name"]) == ("shop", "orders-my-role")
    assert metadata["labels"]["cnpg.io/reload"] == "true"
    assert secret["stringData"].keys() == {"username", "password"}


@pytest.mark.parametrize(
    "username",
    [
        "my_role",
        "MyRole",
        'ro"le',
        "ro'le",
        "роль",
        "{{ .password }}",
        '{{ "}}" }}',
        "a{b}c\\u0041",
        "${HOME} $(VAR) $$",
        " padded ",
        "null",
        "0644",
        "- a: b #c",
        "ENC[AES256_GCM]",
        "\u200bunseen",
        "🐘",
        pytest.param("r" * 63, id="63 bytes"),
        pytest.param("ж" * 31 + "x", id="63 bytes of two each"),
    ],
)
@pytest.mark.few(18)
def test_the_username_is_exactly_the_roles_name(subject: Subject | ClusterSubject, username: str) -> None:
    made = subject.make(WantedSecret("shop", "orders-role", username))
    assert made.secret["stringData"]["username"] == username
    assert len(made.password) == 40


def test_the_password_is_long_of_letters_and_digits_and_never_the_same(subject: Subject | ClusterSubject) -> None:
    first, second = subject.make(WANTED).password, subject.make(WANTED).password
    assert min(len(first), len(second)) >= 32
    assert (first + second).isascii()
    assert (first + second).isalnum()
    assert first != second


def test_the_password_is_in_no_file_log_or_name_of_the_provider(
    subject: Subject | ClusterSubject, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        made = subject.make(WANTED)
    for form in (made.password, base64.b64encode(made.password.encode()).decode()):
        assert form not in made.text
        assert form not in caplog.text
        assert form not in repr(subject.provider)


def test_nothing_is_left_in_the_folder_for_temporary_files(subject: Subject | ClusterSubject, temporary: Path) -> None:
    subject.make(WANTED)
    assert list(temporary.rglob("*")) == []


def test_the_process_that_encrypts_gets_the_password_by_its_input_only(sops: Subject, sops_script: Script) -> None:
    record = sops_script(
        'printf "%s\\n" "$0" "$@" >$record/arguments; tr "\\0" "\\n" </proc/$$/cmdline >$record/cmdline\n'
        'env >$record/environment; stat -c %a . >$record/mode; grep -r "" . >$record/files\n'
        'exec $real "$@"'
    )
    made = sops.make(WANTED)
    seen = {path.name: path.read_text() for path in record.iterdir()}
    assert "encrypt\n" in seen["arguments"]
    assert "encrypt\n" in seen["cmdline"]
    assert "path_regex" in seen["files"]
    assert seen["mode"] == "700\n"
    assert not [name for name, text in seen.items() if made.password in text]

"""Which provider makes a password: what is configured, what the repository shows, and why none fits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from gitops_mcp.app import App
from gitops_mcp.config import Flags
from gitops_mcp.domain import kinds
from gitops_mcp.domain.answers import WriteResult
from gitops_mcp.errors import GitOpsError, InvalidRequest, Refused
from gitops_mcp.sandbox.api import Api, Store, kubeconfig
from gitops_mcp.sandbox.api.resources import NAMESPACE
from gitops_mcp.workflows import roles
from gitops_mcp.workflows.road import Request
from tests.workflows.conftest import Team, cluster

RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
RULES = f"creation_rules:\n  - path_regex: \\.sops\\.yaml$\n    age: {RECIPIENT}\n"
SEALED = (
    "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: other, namespace: shop}\n"
    "spec:\n  encryptedData: {password: AgA}\n"
)
EXTERNAL = (
    "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: other, namespace: shop}\n"
    "spec: {target: {name: other}}\n"
)
SOPS = (
    "apiVersion: v1\nkind: Secret\nmetadata: {name: other, namespace: shop}\n"
    "stringData: {password: 'ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]'}\n"
    "sops: {mac: 'ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]', version: 3.9.0}\n"
)
MITTWALD = (
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: other\n  namespace: shop\n"
    "  annotations: {secret-generator.v1.mittwald.de/autogenerate: password}\n"
)


def certificate(*, elliptic: bool = False, valid_days: float = 1) -> bytes:
    """A self-signed one that is valid until so many days from now."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sealed-secret")])
    key: Any = ec.generate_private_key(ec.SECP256R1()) if elliptic else KEY
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=now - timedelta(days=9),
        not_valid_after=now + timedelta(days=valid_days),
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
GOOD, EXPIRED, ELLIPTIC = certificate(), certificate(valid_days=-1), certificate(elliptic=True)


@dataclass
class Cluster:
    store: Store
    api: Api
    answers: dict[str, bytes]
    """Of the Sealed Secrets controller, by path."""

    def lacks(self, *groups: str) -> None:
        """Serves none of these API groups any more."""
        left = [one for one in self.store.served if one.resource.group not in groups]
        self.api._openapi = type(self.api._openapi)(left, rules=False)


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """An API with every kind, and a controller that hands out its certificate."""
    store = Store()
    store.create(NAMESPACE, {"metadata": {"name": "shop"}})
    service = {"name": "sealed-secrets-controller", "namespace": "kube-system"}
    store.create(kinds.SERVICE, {"metadata": service, "spec": {"ports": [{"name": "http", "port": 8080}]}})
    answers = {"v1/cert.pem": GOOD}
    api = Api(store, token=None, backends={("kube-system", "sealed-secrets-controller"): answers.get})
    (tmp_path / "kubeconfig").write_text(kubeconfig(api.start(), None))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    yield Cluster(store, api, answers)
    api.stop()


Asked = Callable[..., WriteResult]


@pytest.fixture
def ask(team: Team) -> Asked:
    """Asks for a role, to see its diff, in a repository with these files beside the Cluster."""

    def asked(
        files: dict[str, str | None] | None = None,
        passwords: str | None = None,
        *,
        source: str = "auto",
        protected: bool = True,
    ) -> WriteResult:
        said = f"passwords: {passwords}\n" if passwords else ""
        configuration = f"environments: {{prod: {{path: prod, protected: {str(protected).lower()}}}}}\n{said}"
        team.commit({".gitops-mcp.yaml": configuration, "prod/shop/db.yaml": cluster(), **(files or {})})
        request = Request("create_postgres_role", None, dry_run=True)
        return roles.create(
            App.open(Flags(repo=team.root)),
            request,
            roles.Which("db", "reader", None),
            {},
            password_source=source,
            adopt=False,
        )

    return asked


def provider_of(done: WriteResult) -> str:
    """By what was written."""
    diff = done.diff or ""
    marks = {"kind: ExternalSecret": "external-secrets", "kind: SealedSecret": "sealed-secrets", "sops:": "sops"}
    (found,) = [provider for mark, provider in marks.items() if f"+{mark}" in diff]
    return found


@pytest.mark.parametrize(
    ("files", "provider"),
    [
        pytest.param({"prod/shop/a.yaml": SEALED}, "sealed-secrets", id="a SealedSecret beside it"),
        pytest.param({"prod/shop/a.yaml": EXTERNAL}, "external-secrets", id="an ExternalSecret beside it"),
        pytest.param({"prod/shop/a.sops.yaml": SOPS, ".sops.yaml": RULES}, "sops", id="a file of sops beside it"),
        pytest.param({".sops.yaml": RULES}, "sops", id="rules of sops and nothing else"),
        pytest.param(
            {"prod/shop/a.yaml": EXTERNAL, "prod/bank/b.yaml": SEALED.replace("shop", "bank")},
            "external-secrets",
            id="the way of the folder, not that of another",
        ),
        pytest.param(
            {"prod/bank/a.yaml": EXTERNAL.replace("shop", "bank"), "staging/b.yaml": SEALED.replace("shop", "x")},
            "external-secrets",
            id="the way of the environment, not that of another",
        ),
        pytest.param({"staging/b.yaml": SEALED.replace("shop", "x")}, "sealed-secrets", id="the way of the repository"),
        pytest.param(
            {"prod/shop/a.yaml": EXTERNAL, ".sops.yaml": RULES}, "external-secrets", id="Secrets before rules"
        ),
    ],
)
@pytest.mark.usefixtures("there")
def test_auto_takes_what_the_repository_uses_nearest(ask: Asked, files: dict[str, str | None], provider: str) -> None:
    assert provider_of(ask(files)) == provider


@pytest.mark.usefixtures("there")
def test_auto_takes_what_is_configured_whatever_the_repository_uses(ask: Asked) -> None:
    assert provider_of(ask({"prod/shop/a.yaml": SEALED}, "{provider: external-secrets}")) == "external-secrets"


@pytest.mark.usefixtures("there")
def test_auto_asks_where_several_ways_are_as_near(ask: Asked) -> None:
    with pytest.raises(
        Refused, match=r"makes Secrets in several ways \(external-secrets, sealed-secrets\): say which one in passwords"
    ):
        ask({"prod/shop/a.yaml": SEALED, "prod/shop/b.yaml": EXTERNAL})


def test_auto_refuses_with_the_choices_where_nothing_is_shown_and_never_takes_cluster(
    ask: Asked, there: Cluster
) -> None:
    with pytest.raises(Refused) as told:
        ask(protected=False)
    said = str(told.value)
    assert said.startswith("password_source: the repository does not show how it makes Secrets, so none is made")
    assert "Installed in the cluster: external-secrets, sealed-secrets." in said
    assert "external-secrets, sealed-secrets, sops, cluster, existing" in said
    assert "password_source='existing:<name of a Secret>', or 'none'" in said
    there.lacks("bitnami.com", "external-secrets.io")
    with pytest.raises(Refused) as told:
        ask(protected=False)
    assert "Installed" not in str(told.value)


@pytest.mark.usefixtures("there")
def test_a_generator_that_is_not_written_here_is_named(ask: Asked) -> None:
    with pytest.raises(Refused, match=r"prod/shop/a.yaml uses mittwald's secret generator, which is not written here"):
        ask({"prod/shop/a.yaml": MITTWALD})


@pytest.mark.parametrize(
    ("provider", "group", "kind"),
    [
        ("external-secrets", "external-secrets.io", "ExternalSecret of external-secrets.io/v1"),
        ("sealed-secrets", "bitnami.com", "SealedSecret of bitnami.com/v1alpha1"),
    ],
)
def test_a_provider_that_is_not_installed_is_refused(
    ask: Asked, there: Cluster, provider: str, group: str, kind: str
) -> None:
    there.lacks(group)
    with pytest.raises(Refused, match=f"provider {provider} is not installed in the cluster: it serves no {kind}"):
        ask(passwords=f"{{provider: {provider}}}")


@pytest.mark.parametrize("provider", ["external-secrets", "sealed-secrets"])
def test_without_an_api_what_is_configured_is_taken(ask: Asked, provider: str) -> None:
    files: dict[str, str | None] = {"prod/shop/pub-sealed-secrets.pem": GOOD.decode()}
    assert provider_of(ask(files, f"{{provider: {provider}}}")) == provider


def sealed(more: str = "") -> str:
    return f"{{provider: sealed-secrets{more}}}"


def test_the_certificate_comes_from_where_it_is_configured_else_from_above_the_cluster_else_from_the_controller(
    ask: Asked, there: Cluster, tmp_path: Path
) -> None:
    del there.answers["v1/cert.pem"]
    (tmp_path / "absolute.pem").write_bytes(GOOD)
    absolute = sealed(f", sealedSecrets: {{certificate: {tmp_path / 'absolute.pem'}}}")
    assert provider_of(ask(passwords=absolute)) == "sealed-secrets"
    relative = sealed(", sealedSecrets: {certificate: keys/cert.pem}")
    assert provider_of(ask({"keys/cert.pem": GOOD.decode()}, relative)) == "sealed-secrets"
    with pytest.raises(InvalidRequest, match=r"there is no file keys/cert\.pem at the base"):
        ask({"keys/cert.pem": None}, relative)
    with pytest.raises(GitOpsError, match="no certificate to seal the password for: the repository has no"):
        ask(passwords=sealed())
    assert provider_of(ask({"prod/pub-sealed-secrets.pem": GOOD.decode()}, sealed())) == "sealed-secrets"
    there.answers["v1/cert.pem"] = GOOD
    assert provider_of(ask({"prod/pub-sealed-secrets.pem": None}, sealed())) == "sealed-secrets"


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        pytest.param(EXPIRED, "expired|valid until|valid to", id="expired"),
        pytest.param(ELLIPTIC, "RSA", id="not RSA"),
        pytest.param(b"-----BEGIN NOTHING-----\n", "certificate", id="no certificate"),
    ],
)
def test_a_certificate_that_cannot_be_sealed_for_is_refused_with_the_reason(
    ask: Asked, there: Cluster, pem: bytes, why: str
) -> None:
    there.answers["v1/cert.pem"] = pem
    with pytest.raises((Refused, InvalidRequest), match=why):
        ask(passwords=sealed())


@pytest.mark.usefixtures("there")
def test_sops_without_a_rule_for_the_file_is_refused_with_the_rules_there_are(ask: Asked) -> None:
    rules = RULES.replace(r"\.sops\.yaml$", "^staging/")
    with pytest.raises(Refused) as told:
        ask({".sops.yaml": rules}, "{provider: sops}")
    assert "no creation rule of .sops.yaml is for prod/shop/" in str(told.value)
    assert "1: '^staging/'" in str(told.value)
    with pytest.raises(Refused, match=r"there is no \.sops\.yaml at or above prod/shop"):
        ask({".sops.yaml": None}, "{provider: sops}")


def test_a_protected_environment_gets_no_secret_written_to_its_api(ask: Asked, there: Cluster) -> None:
    with pytest.raises(Refused, match="environment 'prod' is protected: no Secret is written to its API"):
        ask(passwords="{provider: cluster}")
    assert ask(passwords="{provider: cluster}", protected=False).outcome == "dry_run"
    assert there.store.list(kinds.SECRET, "shop") == ()


@pytest.mark.usefixtures("there")
def test_where_somebody_else_provides_all_secrets_one_has_to_be_named(ask: Asked) -> None:
    with pytest.raises(InvalidRequest, match="password_source='existing:<name>'"):
        ask(passwords="{provider: existing}")
    named = ask(passwords="{provider: existing}", source="existing:vaulted")
    assert "    name: vaulted\n" in (named.diff or "")
    assert [one.id for one in named.warnings if one.id == "secret-missing"] == ["secret-missing"]
    none = ask(passwords="{provider: existing}", source="none")
    assert "+  disablePassword: true\n" in (none.diff or "")


@pytest.mark.parametrize(
    "given",
    [
        "hunter2",
        "Existing:vaulted",
        "existing:",
        "existing:No_Dns",
        "existing:" + "x" * 260,
        "existing:a/b",
        " auto",
        "",
    ],
)
@pytest.mark.usefixtures("there")
def test_anything_else_that_is_given_as_a_source_is_refused_and_not_repeated(ask: Asked, given: str) -> None:
    with pytest.raises(InvalidRequest) as told:
        ask(source=given)
    assert str(told.value).startswith("password_source: ")
    for part in ("hunter2", "vaulted", "No_Dns", "xxx", "a/b"):
        assert part not in str(told.value)


@pytest.mark.usefixtures("there")
def test_a_document_that_makes_that_secret_already_is_named(ask: Asked) -> None:
    taken = SEALED.replace("name: other", "name: db-reader-password")
    with pytest.raises(
        InvalidRequest,
        match=r"Secret db-reader-password is made by prod/shop/a.yaml:1 already: say "
        r"password_source='existing:db-reader-password' to use it",
    ):
        ask({"prod/shop/a.yaml": taken})

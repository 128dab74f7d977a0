"""Which provider makes a password: what is configured, what the repository shows, and why none fits."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.errors import GitOpsError, InvalidRequest, Refused
from gitops_mcp.sandbox.api import SandboxApi, Store, kubeconfig_text
from gitops_mcp.sandbox.store.resources import NAMESPACE
from gitops_mcp.workflows.writing import roles
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.fakes.called_app import called_app
from tests.fakes.issuer import rsa_key
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


@cache
def certificate(*, elliptic: bool = False, valid_days: float = 1) -> bytes:
    """A self-signed one that is valid until so many days from now."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sealed-secret")])
    key: Any = ec.generate_private_key(ec.SECP256R1()) if elliptic else rsa_key(1)
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


@dataclass
class Cluster:
    store: Store
    api: SandboxApi
    answers: dict[str, bytes]
    """Of the Sealed Secrets controller, by path."""

    def lacks(self, *groups: str) -> None:
        """Serves none of these API groups any more."""
        self.store.served = tuple(one for one in self.store.served if one.resource.group not in groups)

    def serves_only(self, version: str, of: Resource) -> None:
        """The OpenAPI index, which was made before, still has the version that is served no more."""
        self.store.served = tuple(
            replace(one, resource=replace(of, version=version)) if one.resource == of else one
            for one in self.store.served
        )


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """An API with every kind, and a controller that hands out its certificate."""
    store = Store()
    store.create(NAMESPACE, {"metadata": {"name": "shop"}})
    service = {"name": "sealed-secrets-controller", "namespace": "kube-system"}
    store.create(kinds.SERVICE, {"metadata": service, "spec": {"ports": [{"name": "http", "port": 8080}]}})
    answers = {"v1/cert.pem": certificate()}
    api = SandboxApi(store, token=None, backends={("kube-system", "sealed-secrets-controller"): answers.get})
    (tmp_path / "kubeconfig").write_text(kubeconfig_text(api.start(), None))
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
        dry_run: bool = True,
    ) -> WriteResult:
        said = f"passwords: {passwords}\n" if passwords else ""
        configuration = f"environments: {{prod: {{path: prod, protected: {str(protected).lower()}}}}}\n{said}"
        team.commit({".gitops-mcp.yaml": configuration, "prod/shop/db.yaml": cluster(), **(files or {})})
        request = WriteRequest("create_postgres_role", None, dry_run=dry_run)
        return roles.create_role(
            called_app(team.root),
            request,
            roles.WhichRole("db", "reader", None),
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
@pytest.mark.few(3)
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


def test_a_provider_that_is_installed_in_a_version_that_cannot_do_it_is_refused(ask: Asked, there: Cluster) -> None:
    there.serves_only("v1alpha1", kinds.EXTERNAL_SECRET)
    with pytest.raises(Refused) as told:
        ask(passwords="{provider: external-secrets}")
    assert (
        "of ExternalSecret (external-secrets.io) it serves v1alpha1; v1 is needed. Upgrade to External Secrets 0.16"
    ) in str(told.value)


def versions_of(done: WriteResult) -> set[str]:
    """The API versions of what makes the Secret, also where one names another."""
    return set(re.findall(r"\+\s*apiVersion: ((?!postgresql|v1$).+)", str(done.diff)))


ESO, GENERATOR, BITNAMI = "external-secrets.io/", "generators.external-secrets.io/", "bitnami.com/"


@pytest.mark.parametrize(
    ("kind", "version", "provider", "written"),
    [
        pytest.param(kinds.EXTERNAL_SECRET, "v1", "external-secrets", {f"{ESO}v1", f"{GENERATOR}v1alpha1"}, id="as ever"),
        pytest.param(kinds.EXTERNAL_SECRET, "v1beta1", "external-secrets", {f"{ESO}v1beta1", f"{GENERATOR}v1alpha1"}, id="an older ExternalSecret"),
        pytest.param(kinds.PASSWORD, "v1alpha2", "external-secrets", {f"{ESO}v1", f"{GENERATOR}v1alpha2"}, id="another generator"),
        pytest.param(kinds.SEALED_SECRET, "v1", "sealed-secrets", {f"{BITNAMI}v1"}, id="another SealedSecret"),
    ],
)  # fmt: skip
@pytest.mark.few(1)
def test_what_makes_a_secret_is_written_in_the_version_that_is_served(
    ask: Asked, there: Cluster, kind: Resource, version: str, provider: str, written: set[str]
) -> None:
    there.serves_only(version, kind)
    done = ask({"prod/shop/pub-sealed-secrets.pem": certificate().decode()}, f"{{provider: {provider}}}")
    assert versions_of(done) == written
    assert ('refreshInterval: "0"' in str(done.diff)) == (version == "v1beta1")


@pytest.mark.parametrize("provider", ["external-secrets", "sealed-secrets"])
def test_without_an_api_what_is_configured_is_taken(ask: Asked, provider: str) -> None:
    files: dict[str, str | None] = {"prod/shop/pub-sealed-secrets.pem": certificate().decode()}
    assert provider_of(ask(files, f"{{provider: {provider}}}")) == provider


OLDER = EXTERNAL.replace("io/v1", "io/v1beta1")


def test_without_an_api_the_version_of_the_repository_is_written(ask: Asked) -> None:
    done = ask({"prod/shop/a.yaml": OLDER})
    assert provider_of(done) == "external-secrets"
    assert versions_of(done) == {f"{ESO}v1beta1", f"{GENERATOR}v1alpha1"}
    assert "other-version" not in {one.id for one in done.warnings}


def test_without_an_api_a_version_of_the_repository_that_cannot_do_it_is_warned_of(ask: Asked) -> None:
    done = ask({"prod/shop/a.yaml": EXTERNAL.replace("io/v1", "io/v1alpha1")})
    (told,) = [one.message for one in done.warnings if one.id == "other-version"]
    assert told.startswith(
        "the repository writes external-secrets.io/v1alpha1 (prod/shop/a.yaml:1), and this is external-"
    )
    assert "which takes External Secrets 0.16 or newer" in told
    same = ask({"prod/shop/b.yaml": EXTERNAL.replace("other", "another")})
    assert "other-version" not in {one.id for one in same.warnings}


@pytest.mark.usefixtures("there")
def test_what_is_served_is_not_doubted_by_what_the_repository_writes(ask: Asked) -> None:
    assert "other-version" not in {one.id for one in ask({"prod/shop/a.yaml": OLDER}).warnings}


def sealed(more: str = "") -> str:
    return f"{{provider: sealed-secrets{more}}}"


def test_the_certificate_comes_from_where_it_is_configured_else_from_above_the_cluster_else_from_the_controller(
    ask: Asked, there: Cluster, tmp_path: Path
) -> None:
    del there.answers["v1/cert.pem"]
    (tmp_path / "absolute.pem").write_bytes(certificate())
    absolute = sealed(f", sealedSecrets: {{certificate: {tmp_path / 'absolute.pem'}}}")
    assert provider_of(ask(passwords=absolute)) == "sealed-secrets"
    relative = sealed(", sealedSecrets: {certificate: keys/cert.pem}")
    assert provider_of(ask({"keys/cert.pem": certificate().decode()}, relative)) == "sealed-secrets"
    with pytest.raises(InvalidRequest, match=r"there is no file keys/cert\.pem at the base"):
        ask({"keys/cert.pem": None}, relative)
    with pytest.raises(GitOpsError, match="no certificate to seal the password for: the repository has no"):
        ask(passwords=sealed())
    assert provider_of(ask({"prod/pub-sealed-secrets.pem": certificate().decode()}, sealed())) == "sealed-secrets"
    there.answers["v1/cert.pem"] = certificate()
    assert provider_of(ask({"prod/pub-sealed-secrets.pem": None}, sealed())) == "sealed-secrets"


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        pytest.param(partial(certificate, valid_days=-1), "expired|valid until|valid to", id="expired"),
        pytest.param(partial(certificate, elliptic=True), "RSA", id="not RSA"),
        pytest.param(lambda: b"-----BEGIN NOTHING-----\n", "certificate", id="no certificate"),
    ],
)
def test_a_certificate_that_cannot_be_sealed_for_is_refused_with_the_reason(
    ask: Asked, there: Cluster, pem: Callable[[], bytes], why: str
) -> None:
    there.answers["v1/cert.pem"] = pem()
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
@pytest.mark.few(2)
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


def put(there: Cluster, resource: Resource, name: str, **metadata: Any) -> Object:
    said = {"apiVersion": resource.api_version, "kind": resource.kind} if resource.group else {}
    spec = {"spec": {"dataFrom": [{"extract": {"key": "x"}}]}} if resource is kinds.EXTERNAL_SECRET else {}
    return there.store.create(resource, {**said, "metadata": {"name": name, "namespace": "shop", **metadata}, **spec})


OURS = {"app.kubernetes.io/managed-by": "gitops-mcp"}
EXTERNAL_ONES = "{provider: external-secrets}"


def test_a_live_secret_of_that_name_which_somebody_else_made_is_not_taken_over(ask: Asked, there: Cluster) -> None:
    put(there, kinds.SECRET, "db-reader-password")
    with pytest.raises(Refused) as told:
        ask(passwords=EXTERNAL_ONES)
    said = str(told.value)
    assert said.startswith("there is a live Secret shop/db-reader-password that this server did not make")
    assert "password_source='existing:db-reader-password'" in said
    there.api.deny("get", "", "secrets")
    done = ask(passwords=EXTERNAL_ONES)
    assert provider_of(done) == "external-secrets"
    caution = (
        "Whether there is a Secret shop/db-reader-password already could not be checked (that may not be read here); "
        "if there is, the External Secrets Operator makes it its own, keeps the password that it has, and deletes it "
        "with the role."
    )
    assert caution in done.markdown().partition("\n")[0]
    assert (done.warnings[0].id, done.warnings[0].message.startswith(caution)) == ("secret-unseen", True)


def test_a_commit_says_first_what_could_not_be_looked_at(ask: Asked, there: Cluster, team: Team) -> None:
    there.api.deny("get", "", "secrets")
    done = ask(passwords=EXTERNAL_ONES, dry_run=False)
    paragraphs = team.git("log", "-1", "--format=%B", str(done.branch)).split("\n\n")
    assert paragraphs[1].startswith(
        "Mind: Whether there is a Secret shop/db-reader-password already could not be checked"
    )


@pytest.mark.parametrize("provider", ["external-secrets", "sealed-secrets"])
def test_without_an_api_a_name_is_not_taken_for_free(ask: Asked, provider: str) -> None:
    done = ask({"prod/pub-sealed-secrets.pem": certificate().decode()}, f"{{provider: {provider}}}")
    assert "already could not be checked (the API did not answer)" in done.summary


@pytest.mark.parametrize("provider", ["external-secrets", "sealed-secrets", "sops"])
def test_a_secret_that_provider_cluster_left_is_not_taken_over_either(
    ask: Asked, there: Cluster, provider: str
) -> None:
    put(there, kinds.SECRET, "db-reader-password", labels=OURS, annotations={"gitops-mcp/request": "1"})
    with pytest.raises(Refused) as told:
        ask({".sops.yaml": RULES}, f"{{provider: {provider}}}")
    assert "live Secret shop/db-reader-password of this server's, with a password that others" in str(told.value)
    assert str(told.value).endswith("kubectl -n shop delete secret db-reader-password")


def test_a_dry_run_of_provider_cluster_looks_whether_the_name_is_free(ask: Asked, there: Cluster) -> None:
    done = ask(passwords="{provider: cluster}", protected=False)
    assert not [one for one in done.about if "was generated" in one or "written as" in one]
    put(there, kinds.SECRET, "db-reader-password", labels=OURS, annotations={"gitops-mcp/request": "1"})
    with pytest.raises(Refused, match="there is a live Secret shop/db-reader-password of this server's"):
        ask(passwords="{provider: cluster}", protected=False)


def test_a_live_external_secret_of_that_name_which_somebody_else_made_is_not_taken_over(
    ask: Asked, there: Cluster
) -> None:
    put(there, kinds.EXTERNAL_SECRET, "db-reader-password")
    with pytest.raises(Refused, match="there is a live ExternalSecret shop/db-reader-password that this server did"):
        ask(passwords=EXTERNAL_ONES)


def test_a_live_secret_that_what_this_server_made_has_made_is_in_nobodys_way(ask: Asked, there: Cluster) -> None:
    maker = put(there, kinds.EXTERNAL_SECRET, "db-reader-password", labels=OURS)
    owner = {"apiVersion": maker["apiVersion"], "kind": maker["kind"], "uid": maker["metadata"]["uid"]}
    put(there, kinds.SECRET, "db-reader-password", ownerReferences=[{**owner, "name": "db-reader-password"}])
    done = ask(passwords=EXTERNAL_ONES)
    assert provider_of(done) == "external-secrets"
    assert "password-kept" in {one.id for one in done.warnings}
    there.api.deny("get", "external-secrets.io", "externalsecrets")
    with pytest.raises(
        Refused, match="that ExternalSecret db-reader-password makes, and whether this server made that"
    ):
        ask(passwords=EXTERNAL_ONES)


def test_a_rotation_takes_the_next_name_that_no_live_secret_has(rotate: Asked, there: Cluster) -> None:
    generator = "sourceRef: {generatorRef: {kind: Password, name: other}}"
    made = EXTERNAL.replace("{target: {name: other}}", f"{{target: {{name: other}}, dataFrom: [{{{generator}}}]}}")
    put(there, kinds.SECRET, "other-2")
    done = rotate({"prod/shop/a.yaml": made}, "external-secrets")
    assert "passwordSecret: {name: other-3}" in (done.diff or "")
    assert "  name: other-3\n" in (done.diff or "")


ROLE = (
    "apiVersion: postgresql.cnpg.io/v1\nkind: DatabaseRole\nmetadata: {name: db-reader, namespace: shop}\n"
    "spec: {cluster: {name: db}, name: reader, login: true, passwordSecret: {name: other}}\n"
)


@pytest.fixture
def rotate(team: Team) -> Asked:
    """Asks for a new password of a role whose Secret `other` comes from these files."""

    def asked(files: dict[str, str | None], provider: str, *, dry_run: bool = True) -> WriteResult:
        said = f"passwords: {{provider: {provider}}}\n"
        configuration = f"environments: {{prod: {{path: prod, protected: true}}}}\n{said}"
        own = {".gitops-mcp.yaml": configuration, "prod/shop/db.yaml": cluster(), "prod/shop/reader.yaml": ROLE}
        team.commit({**own, **files})
        request = WriteRequest("update_postgres_role", None, dry_run=dry_run)
        return roles.update_role(called_app(team.root), request, roles.WhichRole("db", "reader", None), {}, rotate=True)

    return asked


@pytest.mark.usefixtures("there")
def test_a_password_that_a_store_holds_is_changed_there_and_not_here(rotate: Asked) -> None:
    vault = EXTERNAL.replace("{target: {name: other}}", "{target: {name: other}, dataFrom: [{extract: {key: db}}]}")
    with pytest.raises(Refused, match=r"prod/shop/a.yaml:1 reads .* from a store .*\. Change it where it comes from"):
        rotate({"prod/shop/a.yaml": vault}, "external-secrets")


TEAMS = (
    "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: other, namespace: shop}\n"
    "spec:\n  encryptedData:\n    password: AgA  # of spring\n    username: AgB\n"
    "  template: {metadata: {name: ignored, labels: {team: payments}}, type: Opaque}\n"
)


def opened(sealed: str, label: bytes) -> str:
    raw = base64.b64decode(sealed)
    size = int.from_bytes(raw[:2], "big")
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label)
    session = rsa_key(1).decrypt(raw[2 : 2 + size], oaep)
    return AESGCM(session).decrypt(bytes(12), raw[2 + size :], None).decode()


@pytest.mark.usefixtures("there")
def test_a_sealed_secret_of_the_teams_gets_two_new_values_sealed_for_its_own_name_and_nothing_else(
    rotate: Asked, team: Team
) -> None:
    done = rotate({"prod/shop/a.yaml": TEAMS}, "sealed-secrets", dry_run=False)
    lines = team.git("show", "--format=", str(done.branch)).splitlines()
    assert [one for one in lines if one.startswith("-") and not one.startswith("---")] == [
        "-    password: AgA  # of spring",
        "-    username: AgB",
    ]
    added = dict(one[1:].strip().split(": ", 1) for one in lines if one.startswith("+") and not one.startswith("+++"))
    assert added.keys() == {"password", "username"}
    assert added["password"].endswith("  # of spring")
    assert opened(added["username"], b"shop/other") == "reader"
    assert len(opened(added["password"].partition(" ")[0], b"shop/other")) >= 32


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize(
    "listed",
    [
        pytest.param({}, id="listed nowhere"),
        pytest.param(
            {"prod/shop/kustomization.yaml": "resources: [db.yaml, reader.yaml, a.yaml]\n"}, id="in a kustomization"
        ),
    ],
)
@pytest.mark.few(1)
def test_a_rotation_that_is_repeated_continues_its_own_open_change(
    rotate: Asked, team: Team, listed: dict[str, str | None]
) -> None:
    files = {"prod/shop/a.yaml": TEAMS, **listed}
    first = rotate(files, "sealed-secrets", dry_run=False)
    second = rotate(files, "sealed-secrets", dry_run=False)
    assert (first.branch, second.branch) == (first.branch, first.branch)
    assert second.summary.startswith("adds to open change 'update-role-shop-db-reader'")
    assert team.git("rev-list", "--count", f"main..{first.branch}") == "2"


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize(
    ("values", "why"),
    [
        ("{username: AgA, password: AgB, jdbc-uri: AgC}", "holds jdbc-uri besides the username and the password"),
        ("{password: AgB}", "does not hold both the username and the password"),
    ],
)
def test_a_sealed_secret_with_other_values_is_left_to_kubeseal(rotate: Asked, values: str, why: str) -> None:
    text = SEALED.replace("{password: AgA}", values)
    with pytest.raises(Refused, match=f"prod/shop/a.yaml:1 {why}.*: rotate it with kubeseal"):
        rotate({"prod/shop/a.yaml": text}, "sealed-secrets")


@pytest.mark.usefixtures("there")
def test_a_file_of_sops_that_the_team_made_is_left_to_sops(rotate: Asked) -> None:
    closed = "'ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]'"
    text = SOPS.replace("stringData: {", f"type: Opaque\nstringData: {{username: {closed}, ")
    with pytest.raises(
        Refused, match=r"prod/shop/a.sops.yaml was not made by this server.*`sops prod/shop/a.sops.yaml`"
    ):
        rotate({"prod/shop/a.sops.yaml": text, ".sops.yaml": RULES}, "sops")


def test_a_rotation_says_what_kept_the_last_one_from_coming(rotate: Asked, there: Cluster) -> None:
    head = {"apiVersion": kinds.SEALED_SECRET.api_version, "kind": kinds.SEALED_SECRET.kind}
    sealed_secret = {
        **head,
        "metadata": {"name": "other", "namespace": "shop"},
        "spec": {"encryptedData": {"a": "AgA"}},
    }
    there.store.create(kinds.SEALED_SECRET, sealed_secret)
    stated = {"type": "Synced", "status": "False", "message": "no key could decrypt secret (a)"}
    status = {"conditions": [stated], "observedGeneration": 1}
    place = (kinds.SEALED_SECRET, "shop", "other")
    there.store.change(*place, lambda live: {**live, "status": status}, subresource="status")
    done = rotate({"prod/shop/a.yaml": TEAMS}, "sealed-secrets")
    (told,) = [one.message for one in done.warnings if one.id == "password-not-made"]
    assert told.endswith("its controller says (untrusted text): no key could decrypt secret (a)")
    there.api.deny("list", "bitnami.com", "sealedsecrets")
    assert not [one for one in rotate({}, "sealed-secrets").warnings if "secret" in one.id]


SCOPE = "commonAnnotations: {sealedsecrets.bitnami.com/namespace-wide: 'true'}"
LISTED = "resources: [db.yaml, reader.yaml, a.yaml]\n"
PATCH = (
    "patches:\n  - target: {kind: SealedSecret, group: bitnami.com}\n    patch: |-\n"
    "      - {op: add, path: /metadata/annotations, value: {sealedsecrets.bitnami.com/cluster-wide: 'true'}}\n"
)
MERGE = (
    "patches:\n  - patch: |-\n      apiVersion: bitnami.com/v1alpha1\n      kind: SealedSecret\n"
    "      metadata: {name: other, namespace: shop, annotations: {sealedsecrets.bitnami.com/cluster-wide: 'true'}}\n"
)


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize(
    ("kustomization", "why"),
    [
        pytest.param(
            f"{SCOPE}\n{LISTED}",
            "by the annotation sealedsecrets.bitnami.com/namespace-wide at prod/shop/kustomization.yaml:1",
            id="an annotation of all",
        ),
        pytest.param(
            f"{LISTED}{PATCH}", "by the annotation sealedsecrets.bitnami.com/cluster-wide at", id="operations"
        ),
        pytest.param(f"{LISTED}{MERGE}", "by the annotation sealedsecrets.bitnami.com/cluster-wide at", id="a merge"),
    ],
)
def test_a_scope_that_a_kustomization_adds_is_no_other_than_one_in_the_document(
    rotate: Asked, kustomization: str, why: str
) -> None:
    with pytest.raises(Refused) as told:
        rotate({"prod/shop/a.yaml": TEAMS, "prod/shop/kustomization.yaml": kustomization}, "sealed-secrets")
    assert f"prod/shop/a.yaml:1: it is sealed for more than its own name, {why}" in str(told.value)
    assert "rotate it with kubeseal" in str(told.value)


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize("more", [SCOPE, PATCH])
def test_a_new_secret_is_not_sealed_where_a_kustomization_gives_it_another_scope(ask: Asked, more: str) -> None:
    with pytest.raises(Refused) as told:
        ask({"prod/kustomization.yaml": f"resources: [shop/db.yaml]\n{more}\n"}, sealed())
    assert "no place for SealedSecret shop/db-reader-password was found" in str(told.value)
    assert "it is sealed for more than its own name, by the annotation sealedsecrets.bitnami.com/" in str(told.value)
    assert "prod/kustomization.yaml:" in str(told.value)


@pytest.mark.usefixtures("there")
def test_a_scope_that_is_none_is_sealed_for_its_own_name(ask: Asked) -> None:
    kustomization = f"resources: [shop/db.yaml]\n{SCOPE.replace('true', 'false')}\n"
    assert provider_of(ask({"prod/kustomization.yaml": kustomization}, sealed())) == "sealed-secrets"


@pytest.mark.usefixtures("there")
def test_the_teams_sealed_secret_is_sealed_for_the_name_that_a_kustomization_gives_it(
    rotate: Asked, team: Team
) -> None:
    files = {
        "prod/shop/kustomization.yaml": "resources: [db.yaml, reader.yaml, sealed]\n",
        "prod/shop/sealed/kustomization.yaml": "namePrefix: oth\nresources: [a.yaml]\n",
        "prod/shop/sealed/a.yaml": TEAMS.replace("name: other", "name: er"),
    }
    done = rotate(files, "sealed-secrets", dry_run=False)
    lines = team.git("show", "--format=", str(done.branch)).splitlines()
    added = dict(one[1:].strip().split(": ", 1) for one in lines if one.startswith("+") and not one.startswith("+++"))
    assert opened(added["username"], b"shop/other") == "reader"


@pytest.mark.usefixtures("there")
def test_values_that_a_patch_sets_are_not_replaced_in_the_document(rotate: Asked) -> None:
    patch = MERGE.replace(", annotations: {sealedsecrets.bitnami.com/cluster-wide: 'true'}", "")
    more = f"{patch}      spec: {{encryptedData: {{password: AgC}}}}\n"
    with pytest.raises(Refused, match=r"prod/shop/a.yaml:1: a kustomization sets its values, so nothing is sealed"):
        rotate({"prod/shop/a.yaml": TEAMS, "prod/shop/kustomization.yaml": f"{LISTED}{more}"}, "sealed-secrets")


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize("provider", ["external-secrets", "sealed-secrets"])
@pytest.mark.parametrize(
    ("field", "cluster_name", "written", "live"),
    [
        ("namePrefix: top-", "top-db", "db-reader-password", "top-db-reader-password"),
        ("nameSuffix: -x", "db-x", "db-x-reader-password", "db-x-reader-password-x"),
    ],
)
@pytest.mark.few(1)
def test_below_a_prefix_or_suffix_of_everything_a_document_is_called_without_and_meant_with_it(
    team: Team, provider: str, field: str, cluster_name: str, written: str, live: str
) -> None:
    files = {
        ".gitops-mcp.yaml": f"environments: {{prod: {{path: prod}}}}\npasswords: {{provider: {provider}}}\n",
        "prod/kustomization.yaml": f"{field}\nresources: [shop/db.yaml]\n",
        "prod/shop/db.yaml": cluster(),
    }
    team.commit(files)
    done = roles.create_role(
        called_app(team.root),
        WriteRequest("create_postgres_role", None),
        roles.WhichRole(cluster_name, "reader", None),
        {},
        password_source="auto",
        adopt=False,
    )
    diff = team.git("show", "--format=", str(done.branch))
    assert f"+  name: {written}\n" in diff
    assert f"+  passwordSecret:\n+    name: {live}\n" in diff
    if provider == "sealed-secrets":
        value = next(one for one in diff.splitlines() if one.startswith("+    username: "))
        assert opened(value.removeprefix("+    username: "), f"shop/{live}".encode()) == "reader"
    else:
        assert f"+    name: {live}\n+    creationPolicy: Owner" in diff
        assert f"kind: Password\n+          name: {live}" in diff


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize("provider", ["external-secrets", "sealed-secrets", "sops"])
@pytest.mark.few(1)
def test_what_is_called_otherwise_when_it_is_applied_is_found_again_for_its_rotation_and_its_end(
    team: Team, provider: str
) -> None:
    files = {
        ".gitops-mcp.yaml": f"environments: {{prod: {{path: prod}}}}\npasswords: {{provider: {provider}}}\n",
        "prod/kustomization.yaml": "namePrefix: top-\nresources: [shop/db.yaml]\n",
        "prod/shop/db.yaml": cluster(),
        ".sops.yaml": RULES,
    }
    team.commit(files)
    app, which = called_app(team.root), roles.WhichRole("top-db", "reader", None)

    def asked(tool: str, **more: Any) -> WriteRequest:
        return WriteRequest(tool, None, change="all", **more)

    roles.create_role(app, asked("create_postgres_role"), which, {}, password_source="auto", adopt=False)
    rotated = roles.update_role(app, asked("update_postgres_role"), which, {}, rotate=True)
    if provider == "external-secrets":
        assert "passwordSecret:\n-    name: top-db-reader-password\n+    name: top-db-reader-password-2" in str(
            rotated.diff
        )
        assert "+  name: db-reader-password-2\n" in str(rotated.diff)
    else:
        (changed,) = rotated.files
        text = team.git("show", f"{rotated.branch}:{changed.path}")
        assert changed.path.startswith("prod/shop/secret-reader.")
        assert "name: db-reader-password\n" in text
    gone = roles.delete_role(app, asked("delete_postgres_role", confirmed=True), which, drop=True)
    assert any("goes too, with what makes it" in one for one in gone.next), gone.next
    left = team.git("ls-tree", "-r", "--name-only", str(gone.branch)).splitlines()
    assert [one for one in left if "reader" in one] == []


MADE = EXTERNAL.replace("{name: other,", "{name: other, labels: {app.kubernetes.io/managed-by: gitops-mcp},")
USED = "secretKeyRef: {name: other, key: password}"
DEPLOYMENT = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
    f"spec: {{template: {{spec: {{containers: [{{env: [{{valueFrom: {{{USED}}}}}]}}]}}}}}}\n"
)


@pytest.fixture
def drop(team: Team) -> Asked:
    """Asks for a role to be dropped whose Secret `other` this server has made."""

    def asked(files: dict[str, str | None]) -> WriteResult:
        configuration = "environments: {prod: {path: prod}, staging: {path: staging}}\n"
        own = {".gitops-mcp.yaml": configuration, "prod/shop/db.yaml": cluster(), "prod/shop/reader.yaml": ROLE}
        team.commit({**own, "prod/shop/secret.yaml": MADE, **files})
        request = WriteRequest("delete_postgres_role", "prod", confirmed=True, dry_run=True)
        return roles.delete_role(called_app(team.root), request, roles.WhichRole("db", "reader", None), drop=True)

    return asked


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize(
    ("path", "text", "user"),
    [
        pytest.param("prod/shop/web.yaml", DEPLOYMENT, "prod/shop/web.yaml:1", id="a Deployment that nothing lists"),
        pytest.param(
            "apps/web.yaml", f"kind: ConfigMap\n---\n{DEPLOYMENT}", "apps/web.yaml:3", id="outside its folder"
        ),
        pytest.param("prod/values.yaml", "db: {existingSecret: other}\n", "prod/values.yaml:1", id="values of a chart"),
        pytest.param("prod/t/web.yaml", "{{ if x }}\nname: other\n{{ end }}\n", "prod/t/web.yaml", id="a template"),
    ],
)
@pytest.mark.few(2)
def test_what_makes_a_secret_stays_while_anything_in_git_names_it(drop: Asked, path: str, text: str, user: str) -> None:
    done = drop({path: text})
    assert [one.path for one in done.files] == ["prod/shop/reader.yaml"]
    assert any(f"Secret other stays: {user} uses it" in one for one in done.next)


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("staging/web.yaml", DEPLOYMENT, id="of another environment"),
        pytest.param("prod/web.yaml", DEPLOYMENT.replace("name: web", "name: web, namespace: bank"), id="elsewhere"),
        pytest.param("prod/web.yaml", DEPLOYMENT.replace("name: other", "name: other-2"), id="a longer name"),
        pytest.param("prod/web.yaml", f"# other\n{DEPLOYMENT.replace('name: other', 'name: x')}", id="a comment"),
    ],
)
@pytest.mark.few(2)
def test_what_makes_a_secret_goes_with_the_last_that_needs_it(drop: Asked, path: str, text: str) -> None:
    done = drop({path: text})
    assert {one.path for one in done.files} == {"prod/shop/reader.yaml", "prod/shop/secret.yaml"}
    assert any("Secret other goes too" in one for one in done.next)

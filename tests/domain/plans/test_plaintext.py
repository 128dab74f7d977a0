"""What is checked last before a commit, so each way to make a Secret readable stands here."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.plans.plaintext import check_no_plaintext
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.errors import Refused

HEAD = "apiVersion: v1\nkind: Secret\nmetadata: {name: orders-app}\n"
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {word: planted-value}\n"


def added(text: str) -> None:
    check_no_plaintext([FileChange("prod/secret.yaml", None, text)])


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param(HEAD + "stringData: {password: planted-value}\n", "stringData.password", id="stringData"),
        pytest.param(HEAD + "data: {password: cGxhbnRlZC12YWx1ZQ==}\n", "data.password", id="base64"),
        pytest.param(HEAD + "stringData:\n  pin: 4711\n", "stringData.pin", id="a number"),
        pytest.param(HEAD + "stringData:\n  user: ENC[AES256_GCM,data:x]\n  password: planted-value\n", "stringData.password", id="half of it encrypted"),
        pytest.param('{"apiVersion": "v1", "kind": "Secret", "stringData": {"password": "planted-value"}}', "stringData.password", id="JSON"),
        pytest.param('"kind": "Secret"\n"stringData": {"password": "planted-value"}\n', "stringData.password", id="quoted"),
        pytest.param("\ufeff" + HEAD + "stringData: {password: planted-value}\n", "stringData.password", id="byte order mark"),
        pytest.param(HEAD.replace("\n", "\r\n") + "stringData: {password: planted-value}\r\n", "stringData.password", id="CRLF"),
        pytest.param(f"{CONFIG_MAP}---\n{HEAD}stringData: {{password: planted-value}}\n", "stringData.password", id="second document"),
        pytest.param("kind: List\nitems:\n  - kind: ConfigMap\n  - kind: Secret\n    stringData: {password: planted-value}\n", "items[1].stringData.password", id="in a List"),
        pytest.param("base: &it {password: planted-value}\nkind: Secret\nstringData: *it\n", "stringData.password", id="behind an alias"),
        pytest.param("patches:\n  - patch: |-\n      kind: Secret\n      stringData:\n        password: planted-value\n", "patches[0].patch.stringData.password", id="inline patch"),
        pytest.param("patches:\n  - patch: '{kind: Secret, stringData: {password: planted-value}}'\n", "patches[0].patch.stringData.password", id="inline patch in one line"),
        pytest.param("patchesStrategicMerge:\n  - |-\n    kind: Secret\n    data:\n      password: cGxhbnRlZA==\n", "patchesStrategicMerge[0].data.password", id="old inline patch"),
        pytest.param("patches:\n  - target: {kind: Secret}\n    patch: |-\n      - {op: add, path: /stringData/password, value: planted-value}\n", "patches[0].patch[0]./stringData/password", id="operation"),
        pytest.param("patches:\n  - target: {kind: Secret, name: a}\n    patch: '[{op: replace, path: /data, value: {password: cGxhbnRlZA==}}]'\n", "patches[0].patch[0]./data", id="operation on all of it"),
        pytest.param("patches:\n  - target: {name: orders-app}\n    patch: |-\n      - {op: add, path: /stringData/password, value: planted-value}\n", "patches[0].patch[0]./stringData/password", id="operation without a kind"),
        pytest.param("patches:\n  - target: {kind: Secret}\n    patch: |-\n      kind: Any\n      stringData: {password: planted-value}\n", "patches[0].patch.stringData.password", id="merge patch by its target"),
        pytest.param("- op: add\n  path: /stringData/password\n  value: planted-value\n", "[0]./stringData/password", id="operation in a file"),
        pytest.param("secretGenerator:\n  - name: orders-app\n    literals: [password=planted-value]\n", "secretGenerator[0].literals", id="generator"),
        pytest.param("spec:\n  kustomize:\n    patches:\n      - patch: |\n          patches:\n            - patch: |\n                kind: Secret\n                stringData: {password: planted-value}\n", "spec.kustomize.patches[0].patch.patches[0].patch.stringData.password", id="text inside of text"),
    ],
)  # fmt: skip
def test_a_value_of_a_secret_in_clear_is_refused_with_its_place(text: str, place: str) -> None:
    with pytest.raises(Refused) as refused:
        added(text)
    assert f"prod/secret.yaml would hold a value of a Secret that everybody can read, at {place}," in str(refused.value)
    for value in ("planted", "cGxhbn", "4711"):
        assert value not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(HEAD + "stringData:\n  password: ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]\nsops: {mac: x}\n", id="sops"),
        pytest.param(HEAD + "data: {password: 'ENC[AES256_GCM,data:x]'}\n", id="sops, as data"),
        pytest.param(HEAD + "stringData: {password: ''}\ndata: {other: null}\n", id="empty values"),
        pytest.param(HEAD, id="no values"),
        pytest.param(CONFIG_MAP, id="ConfigMap"),
        pytest.param("kind: SealedSecret\nspec:\n  encryptedData: {password: AgB}\n  template:\n    metadata: {name: a}\n", id="SealedSecret"),
        pytest.param("kind: ExternalSecret\nspec:\n  target: {name: a}\n  dataFrom: []\n", id="ExternalSecret"),
        pytest.param("patches:\n  - target: {kind: ConfigMap}\n    patch: |-\n      - {op: add, path: /data/word, value: x}\n", id="operation on a ConfigMap"),
        pytest.param("patches:\n  - target: {kind: Secret}\n    patch: |-\n      - {op: remove, path: /data/old}\n", id="operation that takes away"),
        pytest.param("patches:\n  - target: {kind: Secret}\n    patch: |-\n      - {op: add, path: /metadata/labels/a, value: x}\n", id="operation on a label"),
        pytest.param("secretGenerator:\n  - {name: a, envs: [secret.enc.env]}\n", id="generator of files"),
        pytest.param("spec: {passwordSecret: {name: orders-app}}\ncomment: |\n  Secret words\n  of people\n", id="words about Secrets"),
        pytest.param("text: |\n  kind: Secret\n  {{ stringData: broken\n", id="text that is not YAML"),
        pytest.param("a: [broken", id="a file that is not YAML"),
    ],
)  # fmt: skip
def test_what_shows_no_value_passes(text: str) -> None:
    added(text)


def test_what_stood_there_before_is_not_this_changes_doing() -> None:
    before = HEAD + "stringData: {password: planted-value}\n"
    check_no_plaintext([FileChange("a.yaml", before, before.replace("orders-app", "carts-app"))])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("- kind: ConfigMap\n- kind: Secret\n  data: {a: eA==}\n", "- kind: Secret\n  data: {a: eA==}\n", id="an item before it goes"),
        pytest.param("secretGenerator:\n- {name: a, literals: [x=y]}\n", "secretGenerator:\n- {name: new, files: [b]}\n- {name: a, literals: [x=y]}\n", id="an item before it comes"),
    ],
)  # fmt: skip
def test_it_may_move_to_another_place_of_its_list(before: str, after: str) -> None:
    check_no_plaintext([FileChange("a.yaml", before, after)])


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(HEAD + "stringData: {password: planted-again}\n", id="another value"),
        pytest.param(HEAD + "stringData: {password: planted-value, token: planted-too}\n", id="one key more"),
        pytest.param(HEAD + "stringData: {token: planted-value}\n", id="another key"),
    ],
)
def test_a_value_that_was_there_allows_no_other(after: str) -> None:
    with pytest.raises(Refused):
        check_no_plaintext([FileChange("a.yaml", HEAD + "stringData: {password: planted-value}\n", after)])


def test_a_file_that_goes_may_have_held_anything() -> None:
    check_no_plaintext([FileChange("a.yaml", HEAD + "stringData: {password: planted-value}\n", None)])


def test_every_file_of_a_change_is_looked_at() -> None:
    with pytest.raises(Refused, match=r"^b\.yaml would hold"):
        check_no_plaintext(
            [FileChange("a.yaml", None, CONFIG_MAP), FileChange("b.yaml", None, HEAD + "stringData: {a: planted}\n")]
        )

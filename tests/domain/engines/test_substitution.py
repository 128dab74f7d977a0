from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.engines.applies import EngineObject, FluxVariable, Substitution
from gitops_mcp.domain.engines.envsubst import Malformed
from gitops_mcp.domain.engines.reading import TextPlace
from gitops_mcp.domain.engines.substitution import (
    Redefinition,
    Rewriting,
    find_redefinition,
    mentions,
    substitute_object,
    substitute_string,
    uses_of_definitions,
)
from gitops_mcp.domain.kustomize import Section
from gitops_mcp.domain.yaml.values import is_same

SETTINGS = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  SIZE: 20Gi
  COUNT: "3"
"""
PLACE = TextPlace("settings.yaml", 0, ("data", "SIZE"), 1)
FILES = {"settings.yaml": SETTINGS}


def given(**values: str | None) -> Substitution:
    return Substitution(
        {
            name: FluxVariable(
                name, value, "ConfigMap flux-system/settings", TextPlace("settings.yaml", 0, ("data", name), 1)
            )
            for name, value in values.items()
        },
        always=True,
    )


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        pytest.param("${V}", "3", 3, id="a number, whatever quotes the manifest has"),
        pytest.param("${V}", '"3"', "3", id="quotes in the value keep a string"),
        pytest.param("${V}", "true", True, id="a boolean"),
        pytest.param("${V}", "", None, id="nothing is null"),
        pytest.param("${V}", "10Gi", "10Gi", id="a quantity"),
        pytest.param("${V}", "16.4", 16.4, id="a fraction"),
        pytest.param("v${V}", "3", "v3", id="text before it"),
        pytest.param("${V}: x", "3", "3: x", id="a string that must be quoted stays one"),
        pytest.param("@${V}", "3", "@3", id="an indicator in front"),
        pytest.param("${V}\n", "3", "3\n", id="a block of text stays text"),
        pytest.param("${V}", "[a, b]", ["a", "b"], id="a list in flow style"),
        pytest.param("${V}", "a # b", "a", id="a comment"),
        pytest.param("$${V}", "3", "${V}", id="an escape"),
    ],
)
def test_a_string_is_typed_as_after_reading_it_again(text: str, value: str, expected: Any) -> None:
    assert is_same(substitute_string(text, given(V=value)).value, expected)


def test_what_makes_no_yaml_is_malformed() -> None:
    with pytest.raises(Malformed, match="not YAML"):
        substitute_string("${V}", given(V="a: b: c"))


def test_an_object_says_which_strings_named_which_variables() -> None:
    value = {
        "metadata": {"name": "${APP}", "labels": {"${APP}/part": "db"}},
        "spec": {"instances": "${COUNT}", "args": ["a", "${APP:=x}-${NONE:=y}"], "image": "a:$$1"},
    }
    found = substitute_object(value, given(APP="shop", COUNT="3"))
    assert found.object == {
        "metadata": {"name": "shop", "labels": {"shop/part": "db"}},
        "spec": {"instances": 3, "args": ["a", "shop-y"], "image": "a:$1"},
    }
    assert {path: one.names for path, one in found.scalars.items()} == {
        ("metadata", "name"): ("APP",),
        ("spec", "instances"): ("COUNT",),
        ("spec", "args", 1): ("APP", "NONE"),
    }


@pytest.mark.parametrize(
    ("text", "is_undefined"),
    [
        pytest.param("${NONE}", True, id="alone"),
        pytest.param("a-${NONE^^}", True, id="with an operator that reads the value"),
        pytest.param("${NONE:=3}", False, id="with a default"),
        pytest.param("${SIZE}", False, id="defined"),
        pytest.param("$${NONE}", False, id="escaped"),
    ],
)
def test_what_nothing_defines_is_told_as_what_flux_makes_of_it(text: str, *, is_undefined: bool) -> None:
    found = substitute_string(text, given(SIZE="1Gi"))
    assert found.is_undefined is is_undefined
    why = (
        "NONE is defined by nothing, on which Flux 2.9 and newer fails the whole Kustomization; older ones fill in "
        "nothing"
    )
    assert (found.value, found.unknown) == ((text, why) if is_undefined else (found.value, None))


def test_what_may_be_defined_elsewhere_is_not_called_undefined() -> None:
    found = substitute_string("${NONE}", Substitution({}, ("Secret a/b",)))
    assert (found.unknown, found.is_undefined) == (
        "NONE is defined by nothing in this repository; it may come from Secret a/b",
        False,
    )


@pytest.mark.parametrize("where", ["labels", "annotations"])
def test_an_object_may_switch_it_off(where: str) -> None:
    value = {"metadata": {where: {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}}, "spec": "${V}"}
    assert substitute_object(value, given(V="3")).object is value


def test_without_variables_nothing_is_substituted_unless_always() -> None:
    assert substitute_object({"a": "${V:=3}"}, Substitution()).object == {"a": "${V:=3}"}
    assert substitute_object({"a": "${V:=3}"}, Substitution(always=True)).object == {"a": 3}


def test_what_a_secret_holds_is_unknown() -> None:
    found = substitute_string("${V}-x", given(V=None))
    assert (found.value, found.unknown) == ("${V}-x", "V comes from ConfigMap flux-system/settings")


def test_a_name_that_nothing_defines_may_come_from_what_is_not_read() -> None:
    unread = Substitution({}, ("Secret flux-system/secrets",))
    found = substitute_string("${V}", unread)
    assert found.unknown == "V is defined by nothing in this repository; it may come from Secret flux-system/secrets"
    default = substitute_string("${V:=3}", unread)
    assert (default.value, default.unknown) == (3, None)
    assert default.unsure == "V may come from Secret flux-system/secrets, not in this repository"


def test_a_definition_that_one_place_uses_is_changed() -> None:
    found = find_redefinition("${SIZE}", "30Gi", given(SIZE="20Gi"), users=("a.yaml:4",), files=FILES)
    assert isinstance(found, Redefinition)
    assert (found.place.path, found.place.base, found.text) == ("settings.yaml", ("data", "SIZE"), "30Gi")


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        pytest.param(5, "5", id="a number"),
        pytest.param("5", '"5"', id="a string of digits takes quotes along"),
        pytest.param(True, "true", id="a boolean"),
        pytest.param("14Gi", "14Gi", id="a string"),
    ],
)
def test_the_new_definition_means_the_value_after_reading_it_again(wanted: Any, text: str) -> None:
    found = find_redefinition("${SIZE}", wanted, given(SIZE="x"), users=(), files=FILES)
    assert isinstance(found, Redefinition)
    assert found.text == text


def test_a_default_is_changed_in_the_manifest() -> None:
    found = find_redefinition("${NONE:=20Gi}", "30Gi", given(SIZE="1"), users=("a.yaml:1",), files=FILES)
    assert found == Rewriting("${NONE:=30Gi}")


@pytest.mark.parametrize(
    ("text", "substitution", "uses", "reason"),
    [
        pytest.param(
            "${SIZE}",
            given(SIZE="20Gi"),
            ("a.yaml:4", "b.yaml:9"),
            "it is ${SIZE}, which ConfigMap flux-system/settings (settings.yaml:6) defines for a.yaml:4, b.yaml:9 alike",
            id="used elsewhere",
        ),
        pytest.param(
            "pg-${SIZE}",
            given(SIZE="20Gi"),
            (),
            "it is pg-${SIZE}, only a part of which comes from ConfigMap flux-system/settings (settings.yaml:6)",
            id="a part",
        ),
        pytest.param(
            "${SIZE:0:2}",
            given(SIZE="20Gi"),
            (),
            "it is ${SIZE:0:2}, only a part of which comes from ConfigMap flux-system/settings (settings.yaml:6)",
            id="a substring",
        ),
        pytest.param(
            "${SIZE}",
            given(SIZE=None),
            (),
            "it is ${SIZE}, which ConfigMap flux-system/settings (settings.yaml:6) defines; "
            "that value is not known here",
            id="a secret",
        ),
        pytest.param(
            "${SIZE}",
            Substitution({"SIZE": FluxVariable("SIZE", "1", "ConfigMap a/b", PLACE, hidden_by="Secret a/c")}),
            (),
            "it is ${SIZE}, which ConfigMap a/b (settings.yaml:6) defines, but Secret a/c may define it too and would win",
            id="a later source",
        ),
        pytest.param(
            "${NONE}",
            given(SIZE="1"),
            (),
            "it is ${NONE}, and nothing in this repository defines NONE",
            id="not defined",
        ),
        pytest.param(
            "${NONE:=1}",
            Substitution({}, ("Secret a/c",)),
            (),
            "it is ${NONE:=1}, and NONE may come from Secret a/c, not in this repository",
            id="perhaps defined elsewhere",
        ),
        pytest.param(
            "${SIZE}",
            Substitution({"SIZE": FluxVariable("SIZE", "1", "Kustomization a/b", None)}),
            (),
            "it is ${SIZE}, which Kustomization a/b defines; no place there says this value alone",
            id="defined by a patch",
        ),
    ],
)
def test_a_definition_that_cannot_be_changed_is_named(
    text: str, substitution: Substitution, uses: tuple[str, ...], reason: str
) -> None:
    assert find_redefinition(text, "30Gi", substitution, users=uses, files=FILES) == reason


def test_mentions_are_found_in_strings_and_not_in_comments() -> None:
    text = 'a: ${A} # ${B}\n# ${C}\nb: "x-${D:=${E}}"\nc: $${F}\nd: |\n  ${G}\n'
    assert mentions(text) == (("A", 1), ("D", 3), ("E", 3), ("G", 5))


def test_mentions_are_found_in_what_is_no_yaml() -> None:
    assert mentions("a: b: c\nSELECT '${A}'\n") == (("A", 2),)


def test_every_use_of_a_definition_is_known() -> None:
    substitution = given(SIZE="20Gi", COUNT="3")
    overlay = Section("ks.yaml", 0, ("spec",), {"patches": [{"patch": "spec: {instances: ${COUNT}}"}]})
    one = EngineObject(
        "flux", "Kustomization", "a", "b", TextPlace("ks.yaml", 0, (), 1), "directory", "x", overlay=overlay
    )
    other = EngineObject("flux", "Kustomization", "a", "c", TextPlace("ks2.yaml", 0, (), 1), "directory", "y")
    both = [
        (EngineObject(**{**vars(one), "substitution": substitution}), ["x/a.yaml"]),
        (EngineObject(**{**vars(other), "substitution": substitution}), ["y/b.yaml"]),
    ]
    files = {"x/a.yaml": "a:\n  b: ${SIZE}\n", "y/b.yaml": "c: ${SIZE}\nd: ${SIZE}\n", "z.yaml": "e: ${SIZE}\n"}
    assert uses_of_definitions(both, files) == {
        TextPlace("settings.yaml", 0, ("data", "SIZE"), 1): ("x/a.yaml:2", "y/b.yaml:1", "y/b.yaml:2"),
        TextPlace("settings.yaml", 0, ("data", "COUNT"), 1): ("ks.yaml:1",),
    }

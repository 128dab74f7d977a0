"""Patches of the pods that a real operator's webhook was asked about; its 1.30 said what is written here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Seen, findings
from tests.domain.rules.examples import Accepted, Refused, cluster

PATCH = "cnpg.io/podPatch"
FIELD = f"metadata.annotations.{PATCH}"


def patched(*operations: tuple[str, str, Any]) -> str:
    keys = {"move": "from", "copy": "from"}
    return json.dumps([{"op": op, "path": path, keys.get(op, "value"): value} for op, path, value in operations])


def seen_with(text: str, live: Object | None = None, **spec: Any) -> Seen:
    return Seen(cluster({PATCH: text}, **spec), live=live)


FITS = [
    "null",
    "[]",
    *(
        patched(one)
        for one in (
            ("add", "/spec/x", 1),
            ("add", "spec/x", 1),
            ("add", "/spec/containers/1", {}),
            ("add", "/spec/containers/-", {"name": "x"}),
            ("replace", "/spec/containers/0/name", "x"),
            ("replace", "/spec/containers/-1/name", "x"),
            ("replace", "", {}),
            ("replace", "/spec/", {}),
            ("copy", "/spec/x", "/spec/"),
            ("test", "/spec/priorityClassName", None),
            ("replace", "/metadata/labels/app.kubernetes.io~1name", "x"),
            ("test", "/metadata/name", "orders-1"),
            ("test", "/spec/containers/0/name", "postgres"),
            ("add", "/spec/containers/0/resources/limits", {}),
            ("add", "/metadata/labels/a~1b", "y"),
            ("remove", "/status", None),
        )
    ),
    patched(("add", "/spec/x", {}), ("add", "/spec/x/y", {})),
]
MISFITS = [
    ("", "is not JSON"),
    ("{", "is not JSON"),
    ("{}", "not a JSON patch, a list"),
    ("[null]", "not a JSON patch, a list"),
    ("[{}]", "no operation 'None': add, replace"),
    ('[{"op": "nope", "path": "/a"}]', "no operation 'nope'"),
    ('[{"op": "add", "value": 1}]', "needs path"),
    ('[{"op": "add", "path": "/spec/x"}]', "needs value"),
    ('[{"op": "move", "path": "/spec/x"}]', "needs from"),
    *(
        (patched(one), says)
        for one, says in (
            (("add", "/spec/x/y", 1), "no '/spec/x'"),
            (("add", "/spec/containers/5", {}), "no '/spec/containers/5'"),
            (("add", "/spec/containers/x", {}), "no '/spec/containers/x'"),
            (("replace", "/spec/containers/-", {}), "no '/spec/containers/-'"),
            (("replace", "/spec/containers/1/name", "x"), "no '/spec/containers/1'"),
            (("replace", "/spec/containers/0/image", "x"), "no '/spec/containers/0/image'"),
            (("replace", "/spec/containers/0/imagePullPolicy", "x"), "no '/spec/containers/0/imagePullPolicy'"),
            (("remove", "/spec/tolerations", None), "no '/spec/tolerations'"),
            (("replace", "/spec/schedulerName", "x"), "no '/spec/schedulerName'"),
            (("add", "/spec/nodeSelector/a", "b"), "no '/spec/nodeSelector'"),
            (("copy", "/spec/x", "/spec/nope"), "no '/spec/nope'"),
            (("copy", "/spec/x", "/spec/volumes/-"), "no '/spec/volumes/-'"),
            (("remove", "/spec/volumes/-", None), "no '/spec/volumes/-'"),
            (("replace", "/spec/containers/0/env/-", {}), "no '/spec/containers/0/env/-'"),
            (("replace", "/metadata/labels/nope", "x"), "no '/metadata/labels/nope'"),
            (("remove", "/metadata/annotations/nope", None), "no '/metadata/annotations/nope'"),
            (("test", "/metadata/name", "x"), "tests '/metadata/name' for another value"),
            (("remove", "/nothing/here", None), "no '/nothing'"),
            (("test", "/spec/containers/0/name", "x"), "tests '/spec/containers/0/name' for another value"),
        )
    ),
    (
        patched(("remove", "/spec/containers/0", None), ("replace", "/spec/containers/0/name", "b")),
        "no '/spec/containers/0'",
    ),
]
ACCEPTED = [pytest.param(Accepted("pod-patch", Seen(cluster())), id="no patch of the pods")]
REFUSED = [pytest.param(Refused("pod-patch", seen_with("{"), FIELD, "is not JSON"), id="a patch that is cut off")]


@pytest.mark.parametrize("text", FITS)
def test_a_patch_that_fits_the_pod_is_refused_by_this_server_alone_which_says_so(text: str) -> None:
    (found,) = (one for one in findings(seen_with(text)) if one.field == FIELD)
    assert (found.rule, found.severity, found.ours) == ("dangerous-annotations", "error", True)
    assert "if it fits them. It is not written through this server" in found.message


@pytest.mark.parametrize(("text", "says"), MISFITS)
def test_a_patch_that_does_not_fit_is_refused_as_the_webhook_refuses_it(text: str, says: str) -> None:
    (found,) = (one for one in findings(seen_with(text)) if one.field == FIELD)
    assert (found.rule, found.severity, found.ours) == ("pod-patch", "error", False)
    assert says in found.message


@pytest.mark.parametrize(
    ("path", "spec"),
    [
        ("/spec/tolerations", {"affinity": {"tolerations": [{"key": "db"}]}}),
        ("/spec/nodeSelector/disk", {"affinity": {"nodeSelector": {"disk": "fast"}}}),
        ("/spec/schedulerName", {"schedulerName": "mine"}),
        ("/spec/priorityClassName", {"priorityClassName": "high"}),
        ("/spec/containers/0/imagePullPolicy", {"imagePullPolicy": "Always"}),
        ("/spec/containers/0/envFrom/0", {"envFrom": [{"secretRef": {"name": "more"}}]}),
    ],
)
def test_what_the_cluster_states_is_in_its_pods(path: str, spec: Object) -> None:
    text = patched(("replace", path, "x"))
    assert "pod-patch" in {one.rule for one in findings(seen_with(text))}
    assert "pod-patch" not in {one.rule for one in findings(seen_with(text, **spec))}


def test_the_image_is_there_once_the_operator_has_chosen_it() -> None:
    text = patched(("replace", "/spec/containers/0/image", "x"))
    live = {**cluster(), "status": {"image": "example/postgresql:17.4"}}
    assert "pod-patch" not in {one.rule for one in findings(seen_with(text, live))}

"""What was built before changes no answer: asked after any change, a model is the one that is built from nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Declaration, Desired
from tests.conftest import examples

LAYOUTS = sorted((Path(__file__).parents[2] / "layouts").glob("*/before"))
REMOTES = ("https://git.example.com/platform/fleet.git",)
REPLACED = {
    "instances": (("instances: 3", "instances: 4"), ("20Gi", "30Gi")),
    "rename": (("name: ", "name: x"),),
    "plain": (("postgresql.cnpg.io/v1", "v1"),),
    "folder": (("path: ./", "path: ./x/"), ("prune: true", "prune: false")),
}
STEPS = ("instances", "remove", "restore", "break", "unlist", "copy", "lines", *REPLACED)


def texts(layout: Path) -> dict[str, str]:
    return {path.relative_to(layout).as_posix(): path.read_text() for path in layout.rglob("*") if path.is_file()}


def folders(layout: Path) -> list[str]:
    said = yaml.safe_load((layout.parent / "case.yaml").read_text())
    return sorted({one["environment"]["path"] for one in said["requests"]})


def changed(files: Mapping[str, str], first: Mapping[str, str], path: str, step: str) -> dict[str, str]:
    after = dict(files)
    match step:
        case "remove":
            after.pop(path, None)
        case "restore":
            after[path] = first[path]
        case "copy":
            after[f"{path}.yaml"] = first[path]
        case _ if path not in after:
            pass
        case "break":
            after[path] += "\n}\n"
        case "unlist":
            after[path] = "".join(line for line in after[path].splitlines(keepends=True) if "- ./" not in line)
        case "lines":
            after[path] = f"# of the shop\n\n{after[path]}"
        case _:
            for old, new in REPLACED[step]:
                after[path] = after[path].replace(old, new)
    return after


def told(one: Declaration) -> tuple[Any, ...]:
    layers = one.produced.layers if one.produced else ()
    words = dict(one.produced.words) if one.produced else {}
    made = (one.applied, one.shared, one.opaque, one.encrypted, one.root, one.release, one.namespace_from)
    return (one.identity, one.place, one.base, one.object, layers, words, *made)


def answers(desired: Desired) -> dict[str, Any]:
    return {
        "declarations": [told(one) for one in desired.declarations],
        "everything": [told(one) for one in desired.everything],
        "rest": (desired.unreached, desired.hidden, desired.notes, desired.skipped, desired.engines),
    }


@settings(max_examples=examples(100), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_model_that_knows_an_earlier_one_is_that_which_knows_none(data: st.DataObject) -> None:
    layout = data.draw(st.sampled_from(LAYOUTS))
    first = texts(layout)
    files, known = first, None
    for _ in range(4):
        folder = data.draw(st.sampled_from(folders(layout)))
        known = build_desired(files, commit="c", folder=folder, remotes=REMOTES, known=known)
        fresh = build_desired(dict(files), commit="c", folder=folder, remotes=REMOTES)
        assert answers(known) == answers(fresh)
        files = changed(files, first, data.draw(st.sampled_from(sorted(first))), data.draw(st.sampled_from(STEPS)))

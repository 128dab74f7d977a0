"""An edit that does more than what was asked, or less, is not let through."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gitops_mcp.domain.editing.proof import prove_only_change
from gitops_mcp.domain.objects import Identity, Path
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.errors import Refused
from tests.domain.repository.test_build import SOURCE, cluster, flux, listing, model

DB = Identity("Cluster", "shop", "db")
INSTANCES: Path = ("spec", "instances")
FILES = {
    "base/kustomization.yaml": listing("db.yaml"),
    "base/db.yaml": cluster(),
    "prod/kustomization.yaml": listing("../base", "own.yaml", more="namespace: shop\n"),
    "prod/own.yaml": cluster("own"),
    "test/kustomization.yaml": listing("../base", more="namespace: test\n"),
}
PATCH = (
    "patches:\n  - patch: |\n      apiVersion: postgresql.cnpg.io/v1\n      kind: Cluster\n      metadata:\n"
    "        name: db\n      spec:\n        instances: 5\n"
)


def prove(
    edits: Mapping[str, str | None],
    path: Path | None,
    wanted: Identity = DB,
    files: Mapping[str, str] = FILES,
    folder: str = "prod",
    also: tuple[Identity, ...] = (),
) -> None:
    changes = [FileChange(name, files.get(name), text) for name, text in edits.items()]
    prove_only_change(model(files, folder), changes, wanted, path, also=also)


def test_an_edit_of_one_field_of_one_object_passes() -> None:
    prove({"prod/own.yaml": cluster("own", instances="5")}, INSTANCES, Identity("Cluster", "shop", "own"))
    prove({"prod/kustomization.yaml": FILES["prod/kustomization.yaml"] + PATCH}, INSTANCES)


def test_a_part_of_a_field_that_was_not_there_passes() -> None:
    edited = cluster("own") + "  storage:\n    size: 1Gi\n"
    prove({"prod/own.yaml": edited}, ("spec", "storage", "size"), Identity("Cluster", "shop", "own"))


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ({"base/db.yaml": cluster(instances="5")}, r"spec.instances of Cluster test/db \(test\) would change"),
        (
            {
                "prod/kustomization.yaml": FILES["prod/kustomization.yaml"]
                + PATCH.replace("5\n", "5\n        logLevel: x\n")
            },
            r"spec.logLevel of Cluster shop/db \(prod\) would change",
        ),
        ({"base/db.yaml": None, "base/kustomization.yaml": "resources: []\n"}, "would go"),
        ({"prod/own.yaml": cluster("own") + "---\n" + cluster("more")}, r"Cluster shop/more \(prod\) would be new"),
        (
            {"prod/kustomization.yaml": FILES["prod/kustomization.yaml"] + PATCH.replace("name: db", "name: nobody")},
            r"there is no Cluster nobody for the patch",
        ),
        ({"prod/readme.md": "x"}, "would change nothing of Cluster shop/db"),
    ],
)
def test_an_edit_that_does_something_else_does_not(edits: Mapping[str, str | None], said: str) -> None:
    with pytest.raises(Refused, match=said):
        prove(edits, INSTANCES)


def test_a_part_of_a_list_is_that_part_only() -> None:
    roles = "  managed:\n    roles:\n      - {name: a, connectionLimit: 1}\n      - {name: b, connectionLimit: 1}\n"
    files = {"prod/db.yaml": cluster(namespace="shop") + roles}
    path: Path = ("spec", "managed", "roles", 1, "connectionLimit")
    prove(
        {"prod/db.yaml": files["prod/db.yaml"].replace("b, connectionLimit: 1", "b, connectionLimit: 2")},
        path,
        files=files,
    )
    with pytest.raises(Refused, match=r"spec.managed.roles\[0\].connectionLimit"):
        prove({"prod/db.yaml": files["prod/db.yaml"].replace("Limit: 1", "Limit: 2")}, path, files=files)


def test_a_variable_that_others_use_is_seen() -> None:
    more = "  targetNamespace: shop\n  postBuild:\n    substitute:\n      N: '3'\n"
    files = {
        "prod/app.yaml": SOURCE + "---\n" + flux("shop", "databases", more),
        "databases/kustomization.yaml": listing("db.yaml", "other.yaml"),
        "databases/db.yaml": cluster(instances="${N}"),
        "databases/other.yaml": cluster("other"),
    }
    edits = {"prod/app.yaml": files["prod/app.yaml"].replace("'3'", "'5'")}
    prove(edits, INSTANCES, files=files)
    shared = {**files, "databases/other.yaml": cluster("other", instances="${N}")}
    with pytest.raises(Refused, match=r"spec\.instances of Cluster shop/other"):
        prove(edits, INSTANCES, files=shared)


def test_a_whole_object_comes_or_goes_with_those_that_were_named() -> None:
    own, more = Identity("Cluster", "shop", "own"), Identity("Cluster", "shop", "more")
    unlisted = FILES["prod/kustomization.yaml"].replace("  - own.yaml\n", "")
    prove({"prod/own.yaml": None, "prod/kustomization.yaml": unlisted}, None, own)
    both = {**FILES, "prod/own.yaml": cluster("own") + "---\n" + cluster("more")}
    edits = {"prod/own.yaml": None, "prod/kustomization.yaml": unlisted}
    prove(edits, None, own, both, also=(more,))
    with pytest.raises(Refused, match="Cluster shop/more"):
        prove(edits, None, own, both)
    prove({"prod/own.yaml": cluster("own")}, None, more, both)
    listed = FILES["prod/kustomization.yaml"] + "  - new.yaml\n"
    new = Identity("Cluster", "shop", "new")
    prove({"prod/new.yaml": cluster("new"), "prod/kustomization.yaml": listed}, None, new)
    with pytest.raises(Refused, match="would be new"):
        prove(
            {"prod/new.yaml": cluster("new", "other"), "prod/kustomization.yaml": listed},
            None,
            Identity("Cluster", "other", "new"),
        )

"""What stands below archives and examples: how it is known, and what of it an engine object may make live."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from gitops_mcp.domain.engines.parked import PARKED, parked_folder
from gitops_mcp.domain.repository.build import build_desired
from tests.domain.repository.test_build import REMOTE, SOURCE, application, cluster, flux, listing, settings

Files = Mapping[str, str]


@pytest.mark.parametrize(
    ("path", "top", "folder"),
    [
        ("docs/a.yaml", "", "docs"),
        ("apps/.Archive/x/a.yaml", "", "apps/.Archive"),
        ("documents/a.yaml", "", None),
        ("docs.yaml", "", None),
        ("tests/prod/db.yaml", "tests/prod", None),
        ("tests/prod/samples/db.yaml", "tests/prod", "tests/prod/samples"),
    ],
)
def test_a_folder_of_examples_is_known_by_its_name(path: str, top: str, folder: str | None) -> None:
    assert parked_folder(path, top) == folder


def test_the_folders_of_examples_are_those_that_the_page_lists() -> None:
    page = (Path(__file__).parents[3] / "docs" / "engines.md").read_text()
    listed, _, _ = page.partition("in a folder for examples. These are")[2].partition("That holds in any case")
    assert set(re.findall(r"`(\w+)`", listed)) == PARKED


THEIRS = SOURCE.replace("name: fleet", "name: charts").replace("platform/fleet", "vendor/dashboards")
PINNED = THEIRS.replace("branch: main", "commit: 7ab65dc8b90f7a6751d88f18bbb4e1bee33bf334")
DASHBOARDS = flux("dashboards", "").replace("name: fleet", "name: charts")
ROOT = flux("flux-system", "k8s/main")
SHOP = flux("shop", "shop", "  targetNamespace: shop\n")
LIVE = {"k8s/main/sync.yaml": SOURCE + "---\n" + ROOT, "k8s/main/shop.yaml": SHOP, "shop/db.yaml": cluster("orders")}
OLD = {".archive/pg/kustomization.yaml": listing("db.yaml"), ".archive/pg/db.yaml": cluster("old", "pg")}
LOOSE = {"shop/attic/db.yaml": cluster("old")}
UNTOLD = SOURCE.replace("GitRepository", "Bucket").replace("url: ", "endpoint: ")
FROM_BUCKET = SHOP.replace("GitRepository", "Bucket")
IGNORING = SOURCE + "  ignore: |\n    /*\n    !/shop\n    /shop/attic\n"
OWN_FOLDER = flux("old", "shop/attic", "  targetNamespace: shop\n")


@pytest.mark.parametrize(
    ("files", "remotes", "live", "parked"),
    [
        pytest.param({**LIVE, **OLD, "k8s/main/charts.yaml": PINNED + "---\n" + DASHBOARDS}, (REMOTE,), ["orders"], ["old"], id="the root of another repository, at a commit"),
        pytest.param({**LIVE, **OLD, "k8s/main/charts.yaml": PINNED + "---\n" + DASHBOARDS}, (), ["orders"], ["old"], id="the same in a checkout without a remote"),
        pytest.param({**LIVE, **OLD, "k8s/main/charts.yaml": THEIRS + "---\n" + DASHBOARDS}, ("/srv/git/fleet.git",), ["orders"], ["old"], id="its branch, where the remote is a folder"),
        pytest.param({"a/all.yaml": application("all", "a"), "a/shop.yaml": application("shop", "shop", namespace="shop"), "a/x.yaml": application("x", ".", repo="https://x.example.org/y/z", revision="v1", more="    directory: {recurse: true}\n"), "shop/db.yaml": cluster("orders"), **OLD}, (), ["orders"], ["old"], id="an Application of another repository's root, at a tag"),
        pytest.param({"ks.yaml": UNTOLD + "---\n" + FROM_BUCKET, "shop/db.yaml": cluster("orders"), **LOOSE}, (REMOTE,), ["orders"], ["old"], id="a folder of a source that cannot be told"),
        pytest.param({"ks.yaml": UNTOLD + "---\n" + FROM_BUCKET, "shop/db.yaml": cluster("orders"), "shop/attic/kustomization.yaml": listing("db.yaml"), **LOOSE}, (REMOTE,), ["orders"], ["old"], id="a kustomization in it"),
        pytest.param({"ks.yaml": IGNORING + "---\n" + SHOP, "shop/db.yaml": cluster("orders"), **LOOSE}, (REMOTE,), ["orders"], ["old"], id="left out by the source"),
        pytest.param({"ks.yaml": SOURCE + "---\n" + SHOP, "shop/db.yaml": cluster("orders"), **LOOSE}, (REMOTE,), ["old", "orders"], [], id="a folder that is applied whole"),
        pytest.param({"ks.yaml": UNTOLD + "---\n" + FROM_BUCKET, "shop/kustomization.yaml": listing("db.yaml", "attic/db.yaml"), "shop/db.yaml": cluster("orders"), **LOOSE}, (REMOTE,), ["old", "orders"], [], id="listed"),
        pytest.param({"ks.yaml": UNTOLD + "---\n" + OWN_FOLDER.replace("GitRepository", "Bucket"), **LOOSE}, (REMOTE,), ["old"], [], id="the folder that is named"),
    ],
)  # fmt: skip
def test_what_is_parked_is_live_only_where_something_that_is_known_to_applies_it(
    files: Files, remotes: tuple[str, ...], live: list[str], parked: list[str]
) -> None:
    found = build_desired(files, commit="c", folder="", remotes=remotes, revision="main")
    assert sorted(one.identity.name for one in found.declarations) == live
    assert sorted(one.identity.name for one in found.unreached) == parked


OTHER = SOURCE.replace("platform/fleet", "vendor/fleet")
DB = {"shop/db.yaml": cluster("${NAME}", "shop")}
FILLED = flux("shop", "shop", "  postBuild: {substituteFrom: [{kind: ConfigMap, name: settings}]}\n")


def test_a_source_in_an_archive_says_nothing_of_what_is_at_work() -> None:
    files = {
        "archive/source.yaml": SOURCE,
        "live/source.yaml": OTHER,
        "flux/shop.yaml": SHOP,
        "shop/db.yaml": cluster(),
    }
    found = build_desired(files, commit="c", folder="", remotes=(REMOTE,), revision="main")
    assert found.declarations == ()
    (unreached,) = found.unreached
    assert "vendor/fleet.git, another repository" in unreached.reason


def test_settings_in_an_archive_are_not_taken_for_those_that_are_in_use() -> None:
    files = {"flux/shop.yaml": SOURCE + "---\n" + FILLED, **DB}
    files |= {"archive/settings.yaml": settings("old"), "config/settings.yaml": settings("orders")}
    found = build_desired(files, commit="c", folder="", remotes=(REMOTE,), revision="main")
    assert [one.identity.name for one in found.declarations] == ["orders"]

"""Which engine objects of a repository are at work, and what becomes of what the others would apply."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import NotFound
from tests.domain.repository.test_build import SOURCE, application, cluster, flux, listing, model

Files = Mapping[str, str]

TEAMS = {"teams/shop/db.yaml": cluster("orders"), "teams/pay/db.yaml": cluster("ledger")}
SHOP = application("shop", "teams/shop", namespace="shop")
PAY = application("pay", "teams/pay", namespace="pay")
RECURSING = "    directory:\n      recurse: true\n"
EXCLUDING = RECURSING + "      exclude: 'off/*'\n"
GROUP = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"


def names(found: Desired) -> tuple[list[str], list[str]]:
    return (
        sorted(one.identity.name for one in found.declarations),
        sorted(one.identity.name for one in found.unreached),
    )


BOTH: tuple[list[str], list[str]] = (["ledger", "orders"], [])
ONE: tuple[list[str], list[str]] = (["ledger"], ["orders"])


@pytest.mark.parametrize(
    ("files", "expected", "why"),
    [
        pytest.param({"a/shop.yaml": SHOP, "b/pay.yaml": PAY}, BOTH, "", id="roots that nothing applies"),
        pytest.param(
            {"root.yaml": application("root", "a"), "a/kustomization.yaml": listing("pay.yaml") + "  # - shop.yaml\n", "a/shop.yaml": SHOP, "a/pay.yaml": PAY},
            ONE, "it is commented out at a/kustomization.yaml:3, which Argo CD Application argocd/root (root.yaml:1) builds", id="commented out",
        ),
        pytest.param(
            {"root.yaml": application("root", "a"), "a/kustomization.yaml": listing("pay.yaml"), "a/shop.yaml": SHOP, "a/pay.yaml": PAY},
            ONE, "a/kustomization.yaml, which Argo CD Application argocd/root (root.yaml:1) builds, does not list it", id="not listed",
        ),
        pytest.param(
            {"root.yaml": application("root", "a"), "a/kustomization.yaml": listing("pay", more="#resources: [shop]\n"), "a/shop/kustomization.yaml": listing("app.yaml"), "a/shop/app.yaml": SHOP, "a/pay/kustomization.yaml": listing("app.yaml"), "a/pay/app.yaml": PAY},
            ONE, "a/kustomization.yaml, which Argo CD Application argocd/root (root.yaml:1) builds, does not list it", id="a folder that is not listed",
        ),
        pytest.param(
            {"root.yaml": application("root", "a", more=EXCLUDING), "a/off/shop.yaml": SHOP, "a/pay.yaml": PAY},
            ONE, "Argo CD Application argocd/root (root.yaml:1) leaves it out of its folder", id="excluded",
        ),
        pytest.param(
            {"root.yaml": application("root", "a", more=RECURSING), "a/shop.yaml": f"# +argocd:skip-file-rendering\n{SHOP}", "a/pay.yaml": PAY},
            ONE, "Argo CD Application argocd/root (root.yaml:1) leaves it out of its folder", id="skipped by a mark",
        ),
        pytest.param(
            {"root.yaml": application("root", "a"), "a/pay.yaml": PAY, "a/below/shop.yaml": SHOP}, BOTH, "", id="a folder where it does not look",
        ),
        pytest.param(
            {"a/root.yaml": application("root", "a"), "a/kustomization.yaml": listing("shop.yaml", "pay.yaml"), "a/shop.yaml": SHOP, "a/pay.yaml": PAY},
            BOTH, "", id="a root beside what it applies",
        ),
        pytest.param(
            {"a/root.yaml": application("root", "a/apps"), "a/kustomization.yaml": listing("install.yaml"), "a/apps/self.yaml": application("self", "a"), "a/apps/shop.yaml": SHOP, "a/apps/pay.yaml": PAY},
            BOTH, "", id="a root in a folder that is built because of it",
        ),
        pytest.param(
            {"a/attic/shop.yaml": SHOP, "a/root.yaml": application("root", "b"), "b/apps.yaml": application("apps", "a", more=RECURSING), "a/pay.yaml": PAY},
            BOTH, "", id="an application called attic, which one of two that apply each other applies",
        ),
        pytest.param(
            {"root.yaml": application("root", "a"), "a/kustomization.yaml": listing("pay.yaml"), "a/set.yaml": application("set", "b"), "b/shop.yaml": SHOP, "a/pay.yaml": PAY},
            ONE, "only Argo CD Application argocd/set (a/set.yaml:1) has it applied, and nothing applies a/set.yaml", id="what an idle one applies",
        ),
        pytest.param(
            {"docs/shop.yaml": SHOP, "pay.yaml": PAY}, ONE, "nothing applies docs/shop.yaml, and docs/ is not taken for live", id="among documentation",
        ),
        pytest.param(
            {"infra/_archive/x/shop.yaml": SHOP, "pay.yaml": PAY}, ONE, "infra/_archive/ is not taken for live", id="in an archive",
        ),
        pytest.param(
            {"examples/shop.yaml": SHOP, "root.yaml": application("root", "examples"), "pay.yaml": PAY}, BOTH, "", id="examples that are applied",
        ),
        pytest.param(
            {"x/testdata/all.yaml": application("all", ".", more=RECURSING), "shop.yaml": SHOP, "pay.yaml": PAY}, BOTH, "", id="a test that builds everything",
        ),
        pytest.param(
            {"docs/a/one.yaml": application("one", "docs/b"), "docs/b/two.yaml": application("two", "docs/a"), "docs/a/shop.yaml": SHOP, "pay.yaml": PAY},
            ONE, "docs/ is not taken for live", id="examples that apply each other",
        ),
        pytest.param(
            {"fleet.yaml": SOURCE + "---\n" + flux("flux-system", "k"), "k/kustomization.yaml": GROUP + "resources:\n- pay/ks.yaml\n#- shop/ks.yaml\n", "k/pay/ks.yaml": flux("pay", "teams/pay"), "k/shop/ks.yaml": flux("shop", "teams/shop")},
            ONE, "it is commented out at k/kustomization.yaml:5, which Flux Kustomization flux-system/flux-system (fleet.yaml:11) builds", id="Flux, commented out",
        ),
        pytest.param(
            {"fleet.yaml": SOURCE + "---\n" + flux("flux-system", "k"), ".sourceignore": "/k/shop/\n", "k/pay/ks.yaml": flux("pay", "teams/pay"), "k/shop/ks.yaml": flux("shop", "teams/shop")},
            ONE, "'/k/shop/' at .sourceignore:1 leaves it out", id="Flux, ignored by the source",
        ),
        pytest.param(
            {"fleet.yaml": SOURCE + "---\n" + flux("flux-system", "k"), "k/pay/ks.yaml": flux("pay", "teams/pay"), "k/shop/kustomization.yaml": listing("other.yaml"), "k/shop/ks.yaml": flux("shop", "teams/shop")},
            ONE, "k/shop/kustomization.yaml, which Flux Kustomization flux-system/flux-system (fleet.yaml:11) builds, does not list it", id="Flux, a folder whose kustomization leaves it out",
        ),
    ],
)  # fmt: skip
def test_a_root_counts_unless_it_is_left_out_or_an_example(
    files: Files, expected: tuple[list[str], list[str]], why: str
) -> None:
    found = model({**TEAMS, **files}, "")
    assert names(found) == expected
    for one in found.unreached:
        assert why in one.reason
        with pytest.raises(NotFound, match="no Cluster 'orders' is applied in prod"):
            found.one("Cluster", "orders", None, environment="prod")


def test_what_an_idle_application_would_make_is_known_by_its_namespace() -> None:
    found = model({**TEAMS, "docs/shop.yaml": SHOP, "pay.yaml": PAY}, "")
    assert [f"{one.identity} {one.place}" for one in found.unreached] == ["Cluster shop/orders teams/shop/db.yaml:1"]


@pytest.mark.parametrize(
    ("files", "live", "idle"),
    [
        pytest.param({"docs/db.yaml": cluster(), "db.yaml": cluster("one")}, ["one"], ["db"], id="a plain file"),
        pytest.param({"examples/x/kustomization.yaml": listing("db.yaml"), "examples/x/db.yaml": cluster(), "db.yaml": cluster("one")}, ["one"], ["db"], id="a kustomization"),
        pytest.param({"examples/db.yaml": cluster(), "examples/kustomization.yaml": listing("db.yaml"), "prod/kustomization.yaml": listing("../examples")}, ["db"], [], id="listed by one that is not"),
        pytest.param({"docs/app.yaml": application("a", "teams"), "teams/db.yaml": cluster(), "db.yaml": cluster("one")}, ["one"], ["db"], id="what an example would apply"),
    ],
)  # fmt: skip
def test_examples_are_not_live_without_engine_objects_either(files: Files, live: list[str], idle: list[str]) -> None:
    assert names(model(files, "")) == (live, idle)


def test_an_example_that_is_the_environments_own_folder_was_meant() -> None:
    files = {"examples/prod/db.yaml": cluster(), "examples/prod/docs/x.yaml": cluster("x")}
    assert names(model(files, "examples/prod")) == (["db"], ["x"])


def test_a_base_that_an_example_uses_too_is_nobody_elses() -> None:
    files = {
        "base/kustomization.yaml": listing("db.yaml"),
        "base/db.yaml": cluster(namespace="shop"),
        "prod/kustomization.yaml": listing("../base"),
        "docs/kustomization.yaml": listing("../base"),
    }
    assert [one.shared for one in model(files, "").declarations] == [()]


def test_what_an_idle_one_would_make_is_read_again_where_its_files_change() -> None:
    files = {**TEAMS, "docs/shop.yaml": SHOP, "pay.yaml": PAY}
    first = model(files, "")
    again = model({**files, "teams/shop/db.yaml": cluster("renamed")}, "", known=first)
    assert [one.identity.name for one in again.unreached] == ["renamed"]

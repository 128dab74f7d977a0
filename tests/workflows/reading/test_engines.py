from __future__ import annotations

from dataclasses import replace

import pytest

from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.reading import TextPlace
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.repository.desired import Declaration
from gitops_mcp.workflows.api_once import ApisOnce
from gitops_mcp.workflows.engines import Engines
from gitops_mcp.workflows.reading.engines import applied_by, passed_over
from tests.fakes.api import Answer
from tests.workflows.conftest import FORBIDDEN, Api, Team, application, cluster, listed

ARGO = "/apis/argoproj.io/v1alpha1/applications"
FLUX = "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations"
WHOM = Identity("Cluster", "shop", "db")
LABELS = {
    f"kustomize.toolkit.fluxcd.io/{key}": value for key, value in (("name", "apps"), ("namespace", "flux-system"))
}


def configured(team: Team, engine: str) -> Engines:
    team.commit({".gitops-mcp.yaml": f"environments: {{dev: {{engine: {engine}}}}}\n"})
    app = team.app()
    ground = app.ground(fetch=False)
    environment = ground.settings.environments["dev"]
    return Engines.of(ApisOnce(app, ground.settings).at_engine(environment), environment, ground)


def test_an_engine_that_is_not_installed_is_not_missed(team: Team, api: Api) -> None:
    api.applications(listed(application()))
    engines = configured(team, "{type: auto}")
    found = engines.applying(WHOM, None, None, ["db.yaml"])
    assert (str(found), engines.unread) == (
        "Argo CD Application argocd/apps: Synced, Unknown (does not prune by itself)",
        [],
    )
    assert api.asked == [ARGO, FLUX]


@pytest.mark.parametrize(
    ("engine", "asked"), [("{type: argocd}", [ARGO]), ("{type: flux}", [FLUX]), ("{type: none}", [])]
)
def test_only_the_engine_that_is_configured_is_asked(team: Team, api: Api, engine: str, asked: list[str]) -> None:
    engines = configured(team, engine)
    assert (engines.applying(WHOM, None, None, ["db.yaml"]), engines.unread) == (None, [])
    assert api.asked == asked


def test_an_engine_that_may_not_be_read_is_named_and_the_other_one_is_read(team: Team, api: Api) -> None:
    api.answers[f"{ARGO}?limit=500"] = FORBIDDEN
    api.answers[f"{FLUX}?limit=500"] = listed(
        {"metadata": {"name": "apps", "namespace": "flux-system"}, "spec": {"path": ""}}
    )
    engines = configured(team, "{type: auto}")
    found = engines.applying(WHOM, None, None, ["db.yaml"])
    assert found is not None
    assert (found.object_name, [one.id for one in engines.unread]) == ("flux-system/apps", ["engine-unreadable"])


def test_one_that_the_live_object_names_is_asked_for_by_name_alone(team: Team, api: Api) -> None:
    place = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/apps"
    api.answers[place] = Answer(200, {"metadata": {"name": "apps", "namespace": "flux-system"}})
    found = configured(team, "{type: auto}").applying(WHOM, None, {"metadata": {"labels": LABELS}})
    assert found is not None
    assert api.asked == [place]


def test_of_several_whose_folders_fit_none_is_taken(team: Team, api: Api) -> None:
    two = [application(), application("shop")]
    two[1]["metadata"]["name"] = "shop"
    api.applications(listed(*two))
    assert configured(team, "{type: argocd}").applying(WHOM, None, None, ["shop/db.yaml"]) is None
    two[0]["status"]["resources"] = [{"kind": "Cluster", "namespace": "shop", "name": "db"}]
    api.applications(listed(*two))
    found = configured(team, "{type: argocd}").applying(WHOM, None, None, ["shop/db.yaml"])
    assert found is not None
    assert found.object_name == "argocd/apps"


@pytest.mark.parametrize(("url", "fits"), [("house", True), ("else", False)])
def test_a_kustomization_whose_source_is_another_repository_is_not_taken(
    team: Team, api: Api, url: str, fits: bool
) -> None:
    spec = {"path": "./shop", "sourceRef": {"kind": "GitRepository", "name": "house"}}
    body = {"metadata": {"name": "shop", "namespace": "flux-system"}, "spec": spec}
    api.answers[f"{FLUX}?limit=500"] = listed(body)
    source = "/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/gitrepositories/house"
    api.answers[source] = Answer(200, {"spec": {"url": f"https://forge.example.org/{url}.git"}})
    engines = replace(configured(team, "{type: flux}"), remotes=("https://forge.example.org/house.git",))
    assert (engines.applying(WHOM, None, None, ["shop/db.yaml"]) is not None) is fits


def test_many_are_listed_at_once(team: Team, api: Api) -> None:
    place = TextPlace("apps.yaml", 0, (), 1)
    engines = configured(team, "{type: flux}")
    names = [f"app-{number}" for number in range(11)]
    listing = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations"
    made = [{"metadata": {"name": one, "namespace": "flux-system"}} for one in names]
    api.answers[f"{listing}?limit=500"] = listed(*made)
    declared = [
        Declaration(
            WHOM,
            "db.yaml",
            0,
            (),
            1,
            {},
            "document",
            applied=EngineObject("flux", "Kustomization", "flux-system", one, place, "directory", ""),
        )
        for one in names
    ]
    engines.expect(declared)
    assert [engines.applying(WHOM, one, None) is not None for one in declared] == [True] * 11
    assert api.asked == [listing]


def test_what_changes_how_an_engine_object_applies_is_told_with_it() -> None:
    plain = EngineObject(
        "argocd", "Application", "argocd", "apps", TextPlace("apps.yaml", 0, (), 3), "directory", "apps"
    )
    assert applied_by(plain) == str(plain)
    odd = replace(plain, automatic=False, prunes=True, guess="its path is a variable")
    assert applied_by(odd) == f"{plain}: only when asked, prunes, a guess: its path is a variable"
    assert applied_by(replace(odd, suspended=True)).startswith(f"{plain}: suspended, prunes")


def test_files_that_were_passed_over_are_counted_and_the_first_is_named(team: Team) -> None:
    team.commit({"a.yaml": cluster("{{ .a }}"), "b.yaml": cluster("{{ .b }}"), "c.yaml": cluster()})
    app = team.app()
    ground = app.ground(fetch=False)
    (found,) = passed_over(app.desired(ground, "", ground.base.commit))
    assert found.id == "passed-over"
    assert found.message.startswith("2 files passed over as unreadable, the first is a.yaml:3: ")
    team.commit({"a.yaml": None, "b.yaml": None})
    ground = app.ground(fetch=False)
    assert passed_over(app.desired(ground, "", ground.base.commit)) == []


def test_sources_that_are_taken_for_this_repository_are_told_once(team: Team) -> None:
    bucket = (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: %s, namespace: flux-system}\n"
        "spec: {path: ./%s, targetNamespace: %s, sourceRef: {kind: Bucket, name: all}}\n"
    )
    names = ("shop", "bills")
    team.commit({f"flux/{name}.yaml": bucket % (name, name, name) for name in names})
    team.commit({f"{name}/db.yaml": cluster("db", namespace=None) for name in names})
    app = team.app()
    ground = app.ground(fetch=False)
    (found,) = passed_over(app.desired(ground, "", ground.base.commit))
    assert (found.id, found.message) == (
        "unknown-source",
        (
            "whether this repository is the source of Flux Kustomization flux-system/bills (flux/bills.yaml:1), Flux "
            "Kustomization flux-system/shop (flux/shop.yaml:1) cannot be determined (it applies Bucket all, which this "
            "repository does not declare): taken as if it were"
        ),
    )

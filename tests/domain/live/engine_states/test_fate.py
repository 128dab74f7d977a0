from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.kinds import APPLICATION, HELM_RELEASE, KUSTOMIZATION
from gitops_mcp.domain.live.engine_states.fate import (
    Outcome,
    fate_of_stated,
    fate_of_undeclared,
    fate_of_unstated,
    way_to_take_away,
)
from gitops_mcp.domain.live.engine_states.standing import Question, Standing
from gitops_mcp.domain.live.managers import Hand, hands_on
from gitops_mcp.domain.objects import Identity, Object, Path, Resource

WHOM = Identity("Cluster", "shop", "orders")
APPLIED = Standing("applied", "it has applied it", "")
WAITS = Standing("waits", "it has not compared the commit yet", "Call get_change again")
ALONE = Standing("left alone", "spec.ignore names spec.instances", "take spec.instances out of it")
BY_HAND = Standing("needs a person", "it is suspended", "a person resumes it")


def engine(**spec: Any) -> Object:
    return {"metadata": {"namespace": "ops", "name": "apps"}, "spec": spec}


def asked(declared: Object | None = None, live: Object | None = None) -> Question:
    return Question(WHOM, lambda _: True, "", (), "main", declared=declared, live=live)


def marked(rule: str, value: str) -> Object:
    return {"metadata": {"annotations": {f"kustomize.toolkit.fluxcd.io/{rule}": value}}}


HEALS = engine(syncPolicy={"automated": {"selfHeal": True}})


@pytest.mark.parametrize(
    ("by", "kind", "said", "outcome", "why"),
    [
        pytest.param(HEALS, APPLICATION, APPLIED, "put_back", "heals (selfHeal)", id="argocd that heals"),
        pytest.param(HEALS, APPLICATION, WAITS, "put_back", "not compared", id="argocd at work"),
        pytest.param(HEALS, APPLICATION, ALONE, "stays", "spec.ignore names", id="argocd told to leave it alone"),
        pytest.param(
            engine(syncPolicy={"automated": {}}), APPLICATION, APPLIED, "stays", "no selfHeal", id="argocd without healing"
        ),
        pytest.param(
            engine(syncPolicy={"automated": {"enabled": False, "selfHeal": True}}),
            APPLICATION,
            APPLIED,
            "stays",
            "only when asked",
            id="argocd by hand",
        ),
        pytest.param(engine(interval="5m"), KUSTOMIZATION, APPLIED, "put_back", "(every 5m)", id="flux"),
        pytest.param(engine(), KUSTOMIZATION, BY_HAND, "stays", "it is suspended", id="flux, suspended"),
        pytest.param(
            engine(driftDetection={"mode": "enabled"}), HELM_RELEASE, WAITS, "put_back", "detects drift", id="helm that looks"
        ),
        pytest.param(engine(), HELM_RELEASE, WAITS, "stays", "mode is disabled", id="helm that does not look"),
        pytest.param(
            engine(driftDetection={"mode": "warn"}), HELM_RELEASE, WAITS, "stays", "mode is warn", id="helm that warns"
        ),
    ],
)  # fmt: skip
def test_what_git_states_is_put_back_by_what_corrects_drift(
    by: Object, kind: Resource, said: Standing, outcome: Outcome, why: str
) -> None:
    found = fate_of_stated(by, kind, said)
    assert (found.outcome, why in found.why) == (outcome, True), found
    assert bool(found.step) is (outcome == "stays")
    created = fate_of_stated(by, kind, said, then="created").outcome
    assert created == ("created" if outcome == "put_back" else "stays")


@pytest.mark.parametrize(
    ("by", "kind", "said", "question", "manager", "outcome"),
    [
        pytest.param(engine(), KUSTOMIZATION, APPLIED, asked(), "kubectl-edit", "taken_away", id="flux and kubectl"),
        pytest.param(engine(), KUSTOMIZATION, WAITS, asked(), "kubectl", "taken_away", id="flux at work"),
        pytest.param(engine(), KUSTOMIZATION, APPLIED, asked(), "before-first-apply", "taken_away", id="flux and before it"),
        pytest.param(engine(), KUSTOMIZATION, APPLIED, asked(), "k9s", "stays", id="flux and another manager"),
        pytest.param(engine(), KUSTOMIZATION, APPLIED, asked(), "gitops-mcp", "stays", id="flux and this server"),
        pytest.param(engine(), KUSTOMIZATION, BY_HAND, asked(), "kubectl", "stays", id="flux, suspended"),
        pytest.param(engine(), KUSTOMIZATION, ALONE, asked(), "kubectl", "stays", id="flux told to leave it alone"),
        pytest.param(
            engine(), KUSTOMIZATION, APPLIED, asked(declared=marked("ssa", "Merge")), "kubectl", "stays", id="ssa in Git"
        ),
        pytest.param(
            engine(), KUSTOMIZATION, APPLIED, asked(live=marked("ssa", "merge")), "kubectl", "stays", id="ssa on the object"
        ),
        pytest.param(engine(), HELM_RELEASE, WAITS, asked(), "kubectl", "stays", id="helm"),
        pytest.param(HEALS, APPLICATION, APPLIED, asked(), "kubectl", "stays", id="argocd"),
        pytest.param(
            engine(syncPolicy={"syncOptions": ["Replace=true"]}),
            APPLICATION,
            APPLIED,
            asked(),
            "k9s",
            "taken_away",
            id="argocd that replaces",
        ),
    ],
)  # fmt: skip
def test_what_git_does_not_state_is_taken_away_only_where_an_engine_does_so(
    by: Object, kind: Resource, said: Standing, question: Question, manager: str, outcome: Outcome
) -> None:
    assert fate_of_unstated(by, kind, said, question, (Hand(manager, "other", None),)).outcome == outcome


def test_what_an_engine_has_forgotten_it_does_not_prune() -> None:
    listed = {**engine(), "status": {"inventory": {"entries": [{"id": "shop_orders_postgresql.cnpg.io_Cluster"}]}}}
    assert fate_of_undeclared(listed, KUSTOMIZATION, APPLIED, asked()).outcome == "deleted"
    assert fate_of_undeclared(engine(), KUSTOMIZATION, APPLIED, asked()).outcome == "stays"
    assert fate_of_undeclared(listed, KUSTOMIZATION, ALONE, asked()).step == "take spec.instances out of it"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        pytest.param(
            ("spec", "affinity", "nodeSelector", "kubernetes.io/arch"),
            "a person takes it away: `kubectl -n shop patch cluster orders --type json -p "
            """'[{"op": "remove", "path": "/spec/affinity/nodeSelector/kubernetes.io~1arch"}]'`""",
            id="a key with a slash",
        ),
        pytest.param(
            ("metadata", "annotations", "cnpg.io/hibernation"),
            "a person takes it away with `kubectl -n shop annotate clusters.postgresql.cnpg.io orders cnpg.io/hibernation-`",
            id="an annotation",
        ),
        pytest.param(("spec", "plugins", 1), "a person takes it away: `kubectl edit`", id="an item"),
    ],
)  # fmt: skip
def test_a_person_is_told_how_to_take_a_field_away(path: Path, told: str) -> None:
    assert way_to_take_away(WHOM, path) == told


def test_who_has_set_a_field_is_named_before_engines_and_the_operator() -> None:
    fields: Object = {"f:spec": {"f:instances": {}}}
    entries = [
        ("manager", "2026-03-04T10:00:00Z", ""),
        ("argocd-controller", "2026-03-03T10:00:00Z", ""),
        ("kubectl-edit", "2026-03-01T10:00:00Z", ""),
        ("kubectl", "2026-03-02T10:00:00Z", "scale"),
        ("k9s", "2026-03-05T10:00:00Z", "status"),
    ]
    live = {
        "metadata": {
            "managedFields": [
                {"manager": manager, "time": time, "subresource": part, "fieldsV1": fields}
                for manager, time, part in entries
            ]
        }
    }
    told = [str(one) for one in hands_on(live, ("spec", "instances"))]
    assert told == ["kubectl", "kubectl-edit", "manager (the operator)", "argocd-controller (the engine)"]
    assert hands_on(live, ("spec", "logLevel")) == ()

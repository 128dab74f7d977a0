from __future__ import annotations

import re
from dataclasses import replace

import pytest

from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.live.engine_states.report import EngineState, engine_state
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object
from gitops_mcp.domain.plans.message import commit_message
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.review_text.body import body_text
from gitops_mcp.domain.review_text.picture import pictures
from gitops_mcp.domain.review_text.proposal import ProposedCommit
from tests.domain.review_text.proposals import (
    BASE,
    BOTH,
    CLUSTER,
    ENGINE,
    KUSTOMIZATION,
    POOLER,
    SHOP,
    Case,
    cluster,
    proposal_of,
    with_files,
)


def test_the_words_of_a_message_are_read_back_without_what_the_body_says_itself() -> None:
    plan = Plan(
        "Scale Cluster shop/orders-db to 2 instances",
        Identity("Cluster", "shop", "orders-db"),
        impact=Impact(Level.DATA_LOSS, ("removes 1 replica",)),
        body=("Step 1 of 2", "spec.instances: 3 -> 2", "Applied by Argo CD Application argocd/shop"),
        caution="it is protected",
    )
    message = commit_message(plan, tool="scale_postgres_cluster", change="x", reason="Less\nload.")
    assert ProposedCommit.of_message(message) == ProposedCommit(
        "Scale Cluster shop/orders-db to 2 instances", ("it is protected", "Less load.", "Step 1 of 2")
    )


def test_a_long_subject_is_read_back_in_full() -> None:
    plan = Plan(f"Scale {'x' * 100}", Identity("Cluster", "shop", "db"))
    message = commit_message(plan, tool="t", change="x", reason="Why.")
    assert ProposedCommit.of_message(message) == ProposedCommit(plan.subject, ("Why.",))


def test_a_name_breaks_no_picture() -> None:
    odd = 'Pooler"]; click a0 "javascript:alert(1)" %% <b>'
    schedule = (
        "apiVersion: postgresql.cnpg.io/v1\nkind: ScheduledBackup\nmetadata: {name: n, namespace: shop}\n"
        f"spec: {{cluster: {{name: orders-db}}, schedule: '{odd}'}}\n"
    )
    part = proposal_of(Case(BASE, with_files(cluster=cluster(instances="5"), more=schedule))).parts[0]
    (drawn,) = pictures(part.before, part.after, part.clusters)
    lines = drawn.splitlines()
    assert len(lines) == 13
    for line in lines:
        assert re.fullmatch(
            r'flowchart LR|  subgraph (before|after)\["[^"]+"\]|    direction LR|    [ab]\d+\["[\w .,:/*()?-]+"\]'
            r"|    [ab]\d+ -->\|[a-zA-Z ]+\| [ab]\d+|  end",
            line,
        ), line


def test_who_applies_what_is_live_is_told_where_the_repository_does_not_say_it() -> None:
    files = {path: text for path, text in BASE.items() if not path.startswith("engines/")}
    pooler = {f"{SHOP}/orders-db/more.yaml": POOLER, KUSTOMIZATION: BOTH}
    proposal = proposal_of(Case({**files, **pooler}, files, "Remove Pooler shop/orders-rw"))
    (part,) = proposal.parts
    whom = Identity("Pooler", "shop", "orders-rw")
    assert "nothing in this repository says what applies it" in body_text(proposal, "GitHub", limit=60_000)
    live = EngineState("argocd", "Application", "argocd/gitops", "Synced, Healthy", None, prunes=False, automatic=False)
    told = body_text(replace(proposal, parts=(replace(part, live_appliers={whom: live}),)), "GitHub", limit=60_000)
    assert "Argo CD Application argocd/gitops applies it only when a person starts a sync." in told
    assert "Argo CD Application argocd/gitops does not prune, so it stays until a person deletes it" in told
    assert "Nothing is destroyed" in told


def test_the_name_of_what_generates_a_password_is_no_password() -> None:
    made = "apiVersion: generators.external-secrets.io/v1alpha1\nkind: Password\nmetadata: {name: clerk, namespace: shop}\n"
    proposal = proposal_of(Case(BASE, {**BASE, f"{SHOP}/secret.yaml": made}))
    told = body_text(proposal, "GitHub", limit=60_000)
    assert f"- added `{SHOP}/secret.yaml`: `shop/clerk (Password)`" in told


def test_what_was_not_checked_is_told_without_what_the_server_would_need_for_it() -> None:
    proposal = proposal_of(Case(BASE, {**BASE, CLUSTER: cluster(instances="5")}))
    told = "the schema could not be read: there is no kubeconfig (looked at /etc/shop/config): set KUBECONFIG for this server"
    body = body_text(proposal, "GitHub", limit=60_000, warnings=[Notice("schema-unavailable", told)])
    assert (
        "- could not be checked: the schema could not be read: there is no kubeconfig (looked at a local file)\n"
        in body
    )


@pytest.mark.parametrize(
    ("spec", "annotations", "told"),
    [
        (
            {"sourceHydrator": {"syncSource": {"targetBranch": "env/prod"}, "hydrateTo": {"targetBranch": "env/next"}}},
            {},
            "by itself, once it is rendered into `env/next` and that is merged into `env/prod`.",
        ),
        ({"sourceHydrator": {"syncSource": {"targetBranch": "env/prod"}}}, {}, "by itself."),
        (
            {"source": {"targetRevision": "stage/prod"}},
            {"kargo.akuity.io/authorized-stage": "fleet:prod"},
            "by itself, once it is promoted into `stage/prod` in Kargo (stage `fleet:prod`).",
        ),
    ],
)
def test_what_has_to_be_promoted_is_not_told_as_applied_by_itself(spec: Object, annotations: Object, told: str) -> None:
    files = {path: text for path, text in BASE.items() if not path.startswith("engines/")}
    proposal = proposal_of(Case(files, {**files, CLUSTER: cluster(instances="5")}))
    (part,) = proposal.parts
    about = {"name": "gitops", "namespace": "argocd", "annotations": annotations}
    live = engine_state({"metadata": about, "spec": {"syncPolicy": {"automated": {}}, **spec}}, "Application")
    appliers = {one.identity: live for one in part.objects}
    body = body_text(replace(proposal, parts=(replace(part, live_appliers=appliers),)), "GitHub", limit=60_000)
    assert f"Argo CD Application argocd/gitops applies it {told}" in body


def test_what_the_repository_has_promoted_is_told_as_that() -> None:
    hydrated = "sourceHydrator:\n    syncSource: {targetBranch: env/prod}\n    hydrateTo: {targetBranch: env/next}\n    drySource:"
    engine = {path: text.replace("source:", hydrated) for path, text in ENGINE.items()}
    files = {**BASE, **engine}
    body = body_text(proposal_of(Case(files, {**files, CLUSTER: cluster(instances="5")})), "GitHub", limit=60_000)
    assert "by itself, once it is rendered into `env/next` and that is merged into `env/prod`." in body

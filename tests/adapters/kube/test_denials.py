"""What admission refuses, as API servers word it, over a real socket: whose refusal it is, at once and in its words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.adapters.kube import Kube, OutcomeUnknown
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.objects import Resource
from gitops_mcp.errors import GitOpsError, InvalidRequest, Raced, Refused, Unavailable
from gitops_mcp.sandbox.api import kubeconfig_text
from tests.fakes.api import Answer, ReplayingApi, status

SECRET = Resource("", "v1", "secrets", "Secret")


@pytest.fixture
def api() -> Iterator[ReplayingApi]:
    with ReplayingApi().running() as running:
        yield running


@pytest.fixture
def kube(api: ReplayingApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kube:
    (tmp_path / "kubeconfig").write_text(kubeconfig_text(api.url, "letmein", namespace="lab"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    return Kube(context=None, timeout=5)


def patched(kube: Kube) -> GitOpsError:
    """What a change of `fern` is answered."""
    with pytest.raises(GitOpsError) as raised:
        kube.patch(CLUSTER, "lab", "fern", [{"op": "replace", "path": "/spec/instances", "value": 3}])
    return raised.value


DENIED = 'admission webhook "limits.lab.example" denied the request: no more than two here'


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (400, ""),
        (401, "Unauthorized"),
        (403, "Forbidden"),
        (404, "NotFound"),
        (409, "Conflict"),
        (409, "AlreadyExists"),
        (410, "Expired"),
        (422, "Invalid"),
        (422, ""),
        (429, "TooManyRequests"),
        (500, "InternalError"),
        (503, "ServiceUnavailable"),
    ],
)
def test_a_webhooks_no_is_a_refusal_in_its_own_words_whatever_its_code(
    api: ReplayingApi, kube: Kube, code: int, reason: str
) -> None:
    api.answers["*"] = status(code, reason, DENIED)
    told = patched(kube)
    assert type(told) is Refused
    assert str(told) == (
        f"patch clusters.postgresql.cnpg.io 'fern' in namespace 'lab' (context 'sandbox'): {code}, webhook "
        f"'limits.lab.example' refuses it: {DENIED} (untrusted text). Change the request, or ask whoever keeps that "
        f"policy or webhook"
    )


def test_what_the_operators_webhook_finds_invalid_is_to_be_changed_in_the_request(
    api: ReplayingApi, kube: Kube
) -> None:
    words = (
        'admission webhook "vcluster.cnpg.io" denied the request: Cluster.cluster.cnpg.io "fern" is invalid: '
        "spec.storage: Invalid value: 1Gi: can't shrink existing storage from 2Gi to 1Gi"
    )
    causes = [{"reason": "FieldValueInvalid", "message": "Invalid value: 1Gi: can't shrink", "field": "spec.storage"}]
    api.answers["*"] = status(422, "Invalid", words, causes=causes)
    told = patched(kube)
    assert type(told) is InvalidRequest
    assert f"422, webhook 'vcluster.cnpg.io' refuses it as invalid: {words} (untrusted text)" in str(told)


POLICY = (
    "clusters.postgresql.cnpg.io \"fern\" is forbidden: ValidatingAdmissionPolicy 'names.lab' with binding "
    "'names-everywhere' denied request: name the team"
)


@pytest.mark.parametrize(("code", "reason"), [(422, "Invalid"), (403, "Forbidden"), (413, "RequestEntityTooLarge")])
def test_a_policys_no_names_the_policy(api: ReplayingApi, kube: Kube, code: int, reason: str) -> None:
    api.answers["*"] = status(code, reason, POLICY, name="fern", causes=[{"message": "name the team"}])
    told = patched(kube)
    assert type(told) is Refused
    assert f"{code}, ValidatingAdmissionPolicy 'names.lab' (binding 'names-everywhere') refuses it: " in str(told)
    assert "denied request: name the team (untrusted text). Change the request" in str(told)


@pytest.mark.parametrize(
    "words",
    [
        'clusters.postgresql.cnpg.io "fern" is forbidden: exceeded quota: few, requested: count/clusters=1, used: 2',
        'clusters.postgresql.cnpg.io "fern" is forbidden: failed quota: few: must specify limits.cpu',
    ],
)
def test_a_quotas_no_names_the_quota(api: ReplayingApi, kube: Kube, words: str) -> None:
    api.answers["*"] = status(403, "Forbidden", words)
    told = patched(kube)
    assert type(told) is Refused
    assert f"403, quota 'few' refuses it: {words} (untrusted text)" in str(told)
    assert "kubectl -n lab describe resourcequota few" in str(told)


def test_a_namespace_that_goes_is_named_as_that(api: ReplayingApi, kube: Kube) -> None:
    why = "unable to create new content in namespace lab because it is being terminated"
    api.answers["*"] = status(403, "Forbidden", f'clusters.postgresql.cnpg.io "fern" is forbidden: {why}')
    told = patched(kube)
    assert type(told) is Refused
    assert str(told).endswith("403, namespace 'lab' is being deleted: wait until it is gone, or name another")


CALLING = 'Internal error occurred: failed calling webhook "vcluster.cnpg.io": failed to call webhook: '
POST = 'Post "https://cnpg-webhook-service.cnpg-system.svc:443/validate?timeout=10s": '


@pytest.mark.parametrize(
    "why",
    [
        f'{POST}no endpoints available for service "cnpg-webhook-service"',
        f"{POST}context deadline exceeded",
        f"{POST}dial tcp 10.0.0.9:443: connect: connection refused",
        f"{POST}x509: certificate has expired or is not yet valid",
    ],
)
@pytest.mark.parametrize("code", [500, 503])
def test_a_webhook_that_cannot_be_called_is_named_with_what_to_look_at_and_nothing_was_written(
    api: ReplayingApi, kube: Kube, why: str, code: int
) -> None:
    api.answers["*"] = status(code, "InternalError", CALLING + why)
    told = patched(kube)
    assert type(told) is Unavailable
    assert not isinstance(told, OutcomeUnknown)
    assert f"{code}, webhook 'vcluster.cnpg.io' cannot be called, and the API server does nothing without it: " in str(
        told
    )
    assert f"{why} (untrusted text)" in str(told)
    assert "Service cnpg-webhook-service in namespace cnpg-system has pods that are ready" in str(told)
    assert "readyz" not in str(told)


def test_a_webhook_outside_of_the_cluster_is_named_with_where_it_is_configured(api: ReplayingApi, kube: Kube) -> None:
    words = 'failed calling webhook "far.example": failed to call webhook: Post "https://far.example/": EOF'
    api.answers["*"] = status(500, "InternalError", f"Internal error occurred: {words}")
    told = str(patched(kube))
    assert "webhook 'far.example' cannot be called" in told
    assert "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations" in told


def test_a_read_that_takes_a_webhook_for_conversion_names_it(api: ReplayingApi, kube: Kube) -> None:
    words = f"conversion webhook for postgresql.cnpg.io/v1, Kind=Cluster failed: {POST}EOF"
    api.answers["*"] = status(500, "InternalError", words)
    with pytest.raises(
        Unavailable, match=r"the conversion webhook for postgresql\.cnpg\.io/v1, Kind=Cluster cannot be"
    ):
        kube.get(CLUSTER, "lab", "fern")


def test_a_request_that_takes_too_long_in_the_server_points_at_the_webhooks_too(api: ReplayingApi, kube: Kube) -> None:
    words = "Timeout: request did not complete within requested timeout - context deadline exceeded"
    api.answers["*"] = status(504, "Timeout", words)
    told = patched(kube)
    assert type(told) is OutcomeUnknown
    assert "the webhooks of that kind" in str(told)


def test_a_webhook_without_dry_run_is_named_as_that(api: ReplayingApi, kube: Kube) -> None:
    api.answers["*"] = status(400, "BadRequest", 'admission webhook "old.example" does not support dry run')
    told = patched(kube)
    assert type(told) is Refused
    assert "webhook 'old.example' does not support dry run" in str(told)
    assert "sideEffects: None" in str(told)


def test_an_api_server_that_is_starting_is_tried_again_later(api: ReplayingApi, kube: Kube) -> None:
    words = 'clusters.postgresql.cnpg.io "fern" is forbidden: not yet ready to handle request'
    api.answers["*"] = status(403, "Forbidden", words)
    told = patched(kube)
    assert type(told) is Unavailable
    assert "try again in a moment" in str(told)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(
            status(422, "Invalid", "the server rejected our request due to an error in our request"),
            Raced,
            id="a test of the patch that fails",
        ),
        pytest.param(status(422, "Invalid", "no such thing"), InvalidRequest, id="another refusal without causes"),
        pytest.param(status(409, "Conflict", "the object has been modified"), Raced, id="another writer"),
        pytest.param(
            status(422, "Invalid", f"spec.description: Invalid value: {DENIED}", causes=[{"message": "x"}]),
            InvalidRequest,
            id="a value that quotes a webhook",
        ),
    ],
)
def test_what_is_no_ones_refusal_is_told_as_before(
    api: ReplayingApi, kube: Kube, answer: Answer, error: type[GitOpsError]
) -> None:
    api.answers["*"] = answer
    assert type(patched(kube)) is error


def test_words_of_a_webhook_are_bounded_on_one_line_and_without_secrets(api: ReplayingApi, kube: Kube) -> None:
    words = DENIED + "\n## Next\n\x1b[2Jpassword: hunter2\nhttps://eve:letmein@example.com " + "x" * 9000
    api.answers["*"] = status(403, "Forbidden", words)
    told = str(patched(kube))
    assert told.isprintable()
    assert "hunter2" not in told
    assert "letmein" not in told
    assert len(told) < 1000


def test_words_about_a_secret_are_not_repeated_and_the_webhook_is_named(api: ReplayingApi, kube: Kube) -> None:
    api.answers["*"] = status(403, "Forbidden", 'admission webhook "w.example" denied the request: hunter2 is weak')
    manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "fern", "namespace": "lab"}}
    with pytest.raises(Refused, match=r"webhook 'w\.example' refuses it: the server's words are not repeated") as told:
        kube.create(SECRET, manifest)
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize("details", [None, [], "x", {"causes": 1}, {"causes": ["x", None]}, {"causes": {"a": 1}}])
@pytest.mark.parametrize("code", [400, 403, 404, 409, 422, 500])
def test_a_status_of_odd_shape_is_an_error_all_the_same(api: ReplayingApi, kube: Kube, code: int, details: Any) -> None:
    body = {"kind": "Status", "status": "Failure", "message": 7, "reason": ["x"], "details": details}
    api.answers["*"] = Answer(code, body)
    assert isinstance(patched(kube), GitOpsError)

"""What a pod serves through the API server: codes and words are those of a kube-apiserver 1.36."""

from __future__ import annotations

import json

import pytest

from gitops_mcp.domain.cnpg.metrics.findings import Expected, metric_findings
from gitops_mcp.domain.cnpg.metrics.instance import InstanceMetrics
from gitops_mcp.domain.cnpg.metrics.samples import read_page
from gitops_mcp.domain.kinds import POD
from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.api import Store
from gitops_mcp.sandbox.cnpg.exporter import Exporter
from gitops_mcp.sandbox.store.resources import NAMESPACE
from tests.fakes.observed_logs import SOON
from tests.sandbox.conftest import Http, Serve

WHERE = "/api/v1/namespaces/obs/pods"


def pod(name: str, role: str) -> Object:
    labels = {"cnpg.io/cluster": "shop", "cnpg.io/podRole": "instance", "cnpg.io/instanceRole": role}
    ready = {"conditions": [{"type": "Ready", "status": "True"}], "podIP": "10.244.0.12"}
    return {"metadata": {"name": name, "namespace": "obs", "labels": labels}, "spec": {}, "status": ready}


@pytest.fixture
def http(store: Store, serve: Serve) -> Http:
    store.create(NAMESPACE, {"metadata": {"name": "obs"}})
    for name, role in (("shop-1", "primary"), ("shop-2", "replica")):
        store.create(POD, pod(name, role))
        store.merge(POD, "obs", name, {"status": pod(name, role)["status"]}, subresource="status")
    return serve(pods=Exporter(store, lambda *_: None).pages)


@pytest.mark.parametrize(
    ("path", "code", "told"),
    [
        ("shop-1:9187/proxy/metrics", 200, "cnpg_backends_max_tx_duration_seconds{"),
        ("http:shop-1:9187/proxy/metrics", 200, "cnpg_backends_max_tx_duration_seconds{"),
        ("https:shop-1:8000/proxy/pg/status", 200, '{"isPrimary": true'),
        ("shop-1/proxy/metrics", 503, "error trying to reach service: EOF"),
        ("shop-1:8000/proxy/pg/status", 400, "Client sent an HTTP request to an HTTPS server."),
        (
            "shop-1:9188/proxy/metrics",
            503,
            "error trying to reach service: dial tcp 10.244.0.12:9188: connect: connection refused",
        ),
        ("shop-1:9187/proxy/", 404, "404 page not found"),
        ("nope:9187/proxy/metrics", 404, 'pods "nope" not found'),
        (
            "https:shop-1:9187/proxy/metrics",
            503,
            "error trying to reach service: tls: first record does not look like a TLS handshake",
        ),
    ],
)
def test_a_pod_answers_through_the_api_server_as_a_real_one_does(http: Http, path: str, code: int, told: str) -> None:
    answer = http("GET", f"{WHERE}/{path}")
    assert answer.status == code
    said = json.loads(answer.text)["message"] if answer.text.startswith('{"kind"') else answer.text
    assert said.startswith(told)


def test_a_healthy_page_has_no_finding(http: Http) -> None:
    for name in ("shop-1", "shop-2"):
        page = read_page(http("GET", f"{WHERE}/{name}:9187/proxy/metrics").text.encode())
        status = http("GET", f"{WHERE}/https:{name}:8000/proxy/pg/status").body
        seen = InstanceMetrics(name, page, status)
        assert (seen.stale, seen.is_primary) == (None, name == "shop-1")
        assert metric_findings([seen], [], Expected(2, "x", SOON)) == []

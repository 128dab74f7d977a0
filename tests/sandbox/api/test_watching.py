from __future__ import annotations

import http.client
import json
import time
from urllib.parse import urlsplit

from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.sandbox.api import SandboxApi, Store
from gitops_mcp.sandbox.store.resources import NAMESPACE
from tests.sandbox.conftest import Http, cluster

CLUSTERS = "/apis/postgresql.cnpg.io/v1/namespaces/shop/clusters"


def test_a_version_too_old_to_watch_from_is_told_in_the_stream() -> None:
    store = Store(history=2)
    store.create(NAMESPACE, {"metadata": {"name": "shop"}})
    version = store.version
    for name in ("a", "b", "c"):
        store.create(CLUSTER, cluster(name))
    api = SandboxApi(store, token=None)
    http_ = Http(api.start(), None)
    try:
        answer = http_("GET", f"{CLUSTERS}?watch=true&resourceVersion={version}&timeoutSeconds=20")
    finally:
        api.stop()
    assert answer.status == 200
    event = json.loads(answer.text)
    assert event["type"] == "ERROR"
    assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")
    assert event["object"]["message"] == f"too old resource version: {version} ({version + 1})"


def test_a_watch_is_refused_before_it_begins(http_: Http) -> None:
    assert http_("GET", f"{CLUSTERS}?watch=true&resourceVersion=x").status == 400
    assert http_("GET", f"{CLUSTERS}?watch=true&labelSelector=a%3Db%3Dc").status == 400


def test_a_deleted_object_is_told_with_the_version_of_its_deletion(store: Store, http_: Http) -> None:
    made = store.create(CLUSTER, cluster())
    version = store.version
    store.delete(CLUSTER, "shop", "orders")
    answer = http_("GET", f"{CLUSTERS}?watch=true&resourceVersion={version}&timeoutSeconds=1")
    event = json.loads(answer.text)
    assert event["type"] == "DELETED"
    assert event["object"]["spec"] == made["spec"]
    assert event["object"]["metadata"]["resourceVersion"] == str(version + 1)


def test_open_watches_do_not_keep_the_api_from_stopping(store: Store) -> None:
    store.create(CLUSTER, cluster())
    api = SandboxApi(store, token=None)
    address = urlsplit(api.start())
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    connection.request("GET", f"{CLUSTERS}?watch=true&timeoutSeconds=600")
    response = connection.getresponse()
    assert json.loads(response.readline())["type"] == "ADDED"
    start = time.monotonic()
    api.stop()
    assert response.read() == b""
    assert time.monotonic() - start < 3
    connection.close()

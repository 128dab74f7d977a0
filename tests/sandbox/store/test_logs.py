from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gitops_mcp.domain.kinds import POD
from gitops_mcp.sandbox.api import Store
from tests.sandbox.conftest import Http

LOG = "/api/v1/namespaces/shop/pods/p/log"
NOON = datetime(2026, 5, 2, 12, tzinfo=UTC)


@pytest.fixture
def _pod(store: Store) -> None:
    containers = [{"name": "postgres"}, {"name": "plugin-barman-cloud"}]
    store.create(POD, {"metadata": {"name": "p", "namespace": "shop"}, "spec": {"containers": containers}})
    store.print_log("shop", "p", ["one", "two", "drei: größer"], at=NOON)
    store.print_log("shop", "p", ["now"])
    store.print_log("shop", "p", ["other"], container="plugin-barman-cloud")


@pytest.mark.usefixtures("_pod")
@pytest.mark.parametrize(
    ("query", "text"),
    [
        pytest.param("", "one\ntwo\ndrei: größer\nnow\n", id="all"),
        pytest.param("&tailLines=2", "drei: größer\nnow\n", id="the last lines"),
        pytest.param("&tailLines=0", "", id="no lines"),
        pytest.param("&limitBytes=5", "one\nt", id="the first bytes"),
        pytest.param("&limitBytes=17", "one\ntwo\ndrei: gr", id="not half a letter"),
        pytest.param("&sinceSeconds=3600", "now\n", id="the last hour"),
        pytest.param("&sinceTime=2026-05-02T13:00:00Z", "now\n", id="since a time"),
        pytest.param("&timestamps=true&limitBytes=34", "2026-05-02T12:00:00.000000000Z one", id="with times"),
    ],
)
def test_a_log_is_read(http_: Http, query: str, text: str) -> None:
    answer = http_("GET", f"{LOG}?container=postgres{query}")
    assert (answer.status, answer.media_type, answer.text) == (200, "text/plain", text)


@pytest.mark.usefixtures("_pod")
@pytest.mark.parametrize(
    ("query", "message"),
    [
        pytest.param(
            "",
            "a container name must be specified for pod p, choose one of: [postgres plugin-barman-cloud]",
            id="several containers",
        ),
        pytest.param("?container=x", "container x is not valid for pod p", id="no such container"),
        pytest.param(
            "?container=postgres&previous=true",
            'previous terminated container "postgres" in pod "p" not found',
            id="never restarted",
        ),
        pytest.param("?container=postgres&sinceTime=noon", 'sinceTime: Invalid value: "noon"', id="no time"),
    ],
)
def test_what_cannot_be_read_is_a_bad_request(http_: Http, query: str, message: str) -> None:
    answer = http_("GET", f"{LOG}{query}")
    assert (answer.status, answer.body["message"]) == (400, message)


@pytest.mark.usefixtures("_pod")
def test_the_default_container_is_the_pods_own_choice(store: Store, http_: Http) -> None:
    note = {"kubectl.kubernetes.io/default-container": "plugin-barman-cloud"}
    store.merge(POD, "shop", "p", {"metadata": {"annotations": note}})
    assert http_("GET", LOG).text == "other\n"


@pytest.mark.usefixtures("_pod")
def test_a_new_pod_of_the_same_name_has_printed_nothing(store: Store, http_: Http) -> None:
    store.delete(POD, "shop", "p")
    store.create(POD, {"metadata": {"name": "p", "namespace": "shop"}, "spec": {"containers": [{"name": "postgres"}]}})
    assert http_("GET", LOG).text == ""


@pytest.mark.usefixtures("_pod")
def test_a_time_in_the_future_has_no_lines(http_: Http) -> None:
    later = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert http_("GET", f"{LOG}?container=postgres&sinceTime={later}").text == ""

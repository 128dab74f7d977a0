from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.answers.observed.connection import ConnectionInfo
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import InvalidRequest, NotFound
from gitops_mcp.workflows.reading.observe.connection import connection_info
from tests.fakes.api import Answer
from tests.workflows.conftest import ABSENT, FORBIDDEN, Api, Team, cluster, listed, live

RECORDED = json.loads((Path(__file__).parents[3] / "fakes/observed/connection.json").read_text())
INITDB: Object = {"bootstrap": {"initdb": {"database": "orders", "owner": "clerk"}}}
IN_GIT = "{instances: 1, bootstrap: {initdb: {database: orders, owner: clerk}}}"


def asked(team: Team, name: str = "db", **said: Any) -> ConnectionInfo:
    given = {"database": None, "role": None, "namespace": None, "environment": None, **said}
    return connection_info(team.app(), name, **given)


def serve(api: Api, found: Object, *, services: Answer | None = None, poolers: Answer | None = None) -> None:
    space, name = found["metadata"]["namespace"], found["metadata"]["name"]
    api.cluster(space, name, Answer(200, found))
    api.clusters(None, listed(found), named=name)
    labels = f"?limit=500&labelSelector=cnpg.io%2Fcluster%3D{name}"
    api.answers[f"/api/v1/namespaces/{space}/services{labels}"] = services or listed()
    api.objects("poolers", poolers or listed(), namespace=space)
    for plural in ("databases", "databaseroles"):
        api.objects(plural, listed(), namespace=space)


def test_what_a_real_operator_made_is_told_with_where_it_leads(team: Team, api: Api) -> None:
    team.commit({"other.yaml": cluster("other")})
    managed = {
        "services": {"additional": [{"selectorType": "rw", "serviceTemplate": {"metadata": {"name": "shop-lb"}}}]}
    }
    found = live("shop", "obs", **INITDB, managed=managed)
    serve(api, found, services=listed(*RECORDED["services"]), poolers=listed(*RECORDED["poolers"]))
    answer = asked(team, "shop")
    assert [(one.host, one.port, one.kind, one.type, one.sslmode, one.note) for one in answer.endpoints] == [
        ("shop-rw.obs.svc", 5432, "service", "ClusterIP", "verify-full", None),
        ("shop-ro.obs.svc", 5432, "service", "ClusterIP", "verify-full", None),
        ("shop-r.obs.svc", 5432, "service", "ClusterIP", "verify-full", None),
        ("shop-pool.obs.svc", 5432, "pooler", "ClusterIP", "verify-ca", "pool mode transaction"),
        (
            "shop-pool-lb.obs.svc",
            5432,
            "pooler",
            "LoadBalancer",
            "verify-ca",
            "this pooler has no instances: nothing answers; its load balancer has no address yet",
        ),
        (
            "shop-lb.obs.svc",
            5432,
            "managed service",
            "LoadBalancer",
            "verify-full",
            "its load balancer has no address yet",
        ),
        (
            "shop-reports.obs.svc",
            5432,
            "managed service",
            "NodePort",
            "verify-full",
            "from outside at port 30318 of a node",
        ),
    ]
    assert (
        answer.endpoints[0].uri
        == "postgresql://clerk@shop-rw.obs.svc:5432/orders?sslmode=verify-full&sslrootcert=ca.crt"
    )
    assert answer.secret is not None
    assert (answer.secret.name, len(answer.secret.keys)) == ("shop-app", 11)
    assert answer.secret.command == "kubectl -n obs get secret shop-app -o jsonpath='{.data.password}' | base64 -d"
    assert answer.authority is not None
    assert answer.authority.command.startswith("kubectl -n obs get secret shop-ca -o jsonpath='{.data.ca\\.crt}'")
    assert "ca.key" not in answer.markdown()
    assert not [one for one in api.asked if "secrets" in one]


@pytest.mark.parametrize(
    ("spec", "role", "secret", "told"),
    [
        pytest.param(INITDB, None, "db-app", [], id="the owner"),
        pytest.param(
            {"bootstrap": {"initdb": {"secret": {"name": "mine"}}}}, None, "mine", [], id="a Secret of one's own"
        ),
        pytest.param({"bootstrap": {"recovery": {"backup": {"name": "b"}}}}, None, "db-app", [], id="recovered"),
        pytest.param({"bootstrap": {"initdb": {"import": {"type": "monolith"}}}}, None, None, ["login"], id="imported"),
        pytest.param({"replica": {"enabled": True, "source": "x"}, **INITDB}, None, None, ["login"], id="replica"),
        pytest.param(INITDB, "postgres", None, ["login"], id="no superuser"),
        pytest.param({**INITDB, "enableSuperuserAccess": True}, "postgres", "db-superuser", [], id="superuser"),
        pytest.param(
            {"managed": {"roles": [{"name": "ada", "login": True, "passwordSecret": {"name": "ada-pw"}}]}},
            "ada",
            "ada-pw",
            [],
            id="managed",
        ),
        pytest.param(
            {"managed": {"roles": [{"name": "ada", "validUntil": "2020-01-01T00:00:00Z"}]}},
            "ada",
            None,
            ["login", "login", "login"],
            id="neither login nor password, and expired",
        ),
    ],
)
@pytest.mark.few(3)
def test_the_secret_is_named_as_the_operator_names_it(
    team: Team, api: Api, spec: Object, role: str | None, secret: str | None, told: list[str]
) -> None:
    team.commit({"db.yaml": cluster(spec=IN_GIT)})
    serve(api, live(**spec))
    answer = asked(team, role=role)
    assert (answer.secret.name if answer.secret else None) == secret
    assert [one.id for one in answer.problems] == told


def test_without_the_api_it_is_what_git_declares(team: Team, api: Api) -> None:
    pooler = (
        "apiVersion: postgresql.cnpg.io/v1\nkind: Pooler\nmetadata: {name: db-pool, namespace: shop}\n"
        "spec: {cluster: {name: db}, type: ro, instances: 2, pgbouncer: {poolMode: session, paused: true}}\n"
    )
    team.commit({"db.yaml": cluster(spec=IN_GIT), "pool.yaml": pooler})
    api.cluster("shop", "db", FORBIDDEN)
    answer = asked(team)
    assert (answer.live, answer.database, answer.user) == ("unavailable", "orders", "clerk")
    assert [(one.name, one.note) for one in answer.endpoints] == [
        ("db-rw", None),
        ("db-ro", "with one instance there is no replica: nothing answers"),
        ("db-r", None),
        ("db-pool", "this pooler is paused: clients wait"),
    ]
    assert [one.id for one in answer.warnings] == ["live-unavailable"]


def test_a_role_of_a_databaserole_has_its_client_certificate(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=IN_GIT)})
    serve(api, live(**INITDB))
    spec = {"name": "app 1", "cluster": {"name": "db"}, "login": True, "clientCertificate": {}}
    api.objects("databaseroles", listed({"metadata": {"name": "db-app1", "namespace": "shop"}, "spec": spec}))
    answer = asked(team, role="app 1", database="päy/roll")
    assert (answer.client_certificate, answer.secret, answer.user) == ("db-app1-client-cert", None, "app 1")
    assert [one.name for one in answer.endpoints] == ["db-rw", "db-ro", "db-r"]
    assert str(answer.endpoints[0].uri).endswith("&sslrootcert=ca.crt&sslcert=tls.crt&sslkey=tls.key")
    commands = " ".join(answer.client_certificate_commands)
    assert r"get secret db-app1-client-cert -o jsonpath='{.data.tls\.crt}' | base64 -d > tls.crt" in commands
    assert r"jsonpath='{.data.tls\.key}' | base64 -d > tls.key" in commands
    assert "base64 -d > tls.key" in answer.markdown()
    assert [one.id for one in answer.problems] == ["database-unknown"]
    serve(api, live(**INITDB), services=FORBIDDEN)
    answer = asked(team, role=None, database="päy/roll")
    assert answer.endpoints[0].uri == (
        "postgresql://clerk@db-rw.shop.svc:5432/p%C3%A4y%2Froll?sslmode=verify-full&sslrootcert=ca.crt"
    )
    assert "name database orders, not päy/roll" in answer.works_from


def test_a_managed_service_that_is_not_made_yet_is_named_as_such(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=IN_GIT)})
    own = {"metadata": {"name": "db-rw", "namespace": "shop", "labels": {"cnpg.io/cluster": "db"}}, "spec": {}}
    additional = [{"selectorType": "rw", "serviceTemplate": {"metadata": {"name": "db-lb"}}}]
    serve(api, live(**INITDB, managed={"services": {"additional": additional}}), services=listed(own))
    assert [(one.name, one.note) for one in asked(team).endpoints] == [
        ("db-rw", None),
        ("db-lb", "it is declared, and its Service is not there yet"),
    ]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (INITDB, "Secret `db-app`, made by the operator; keys"),
        (
            {"bootstrap": {"initdb": {"database": "o", "owner": "c", "secret": {"name": "own"}}}},
            "Secret `own`, your own, named by spec.bootstrap; keys",
        ),
    ],
)
def test_who_made_the_secret_is_said_in_a_sentence(team: Team, api: Api, spec: Object, said: str) -> None:
    team.commit({"db.yaml": cluster(spec=IN_GIT)})
    serve(api, live(**spec))
    assert said in asked(team).markdown()


def test_what_is_asked_for_wrongly_is_refused_with_what_would_work(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=IN_GIT)})
    serve(api, live(**INITDB))
    with pytest.raises(NotFound, match="role: nothing describes a role 'clrek' of Cluster db; there are: clerk"):
        asked(team, role="clrek")
    with pytest.raises(InvalidRequest, match="role: 'streaming_replica' is the operator's own"):
        asked(team, role="streaming_replica")
    with pytest.raises(InvalidRequest, match="database: it looks as if it held a password"):
        asked(team, database="password=Xy7Qm2Lp9Rt4Z0x")
    api.cluster("shop", "gone", ABSENT)
    api.clusters(None, listed(), named="gone")
    with pytest.raises(NotFound, match="gone"):
        asked(team, "gone")


def test_a_pooler_whose_service_carries_no_label_is_there_all_the_same(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=IN_GIT)})
    own = {"metadata": {"name": "db-rw", "namespace": "shop", "labels": {"cnpg.io/cluster": "db"}}, "spec": {}}
    other = {"metadata": {"name": "x-rw", "namespace": "shop", "labels": {"cnpg.io/cluster": "x"}}, "spec": {}}
    pooler = {"metadata": {"name": "pool", "namespace": "shop"}, "spec": {"cluster": {"name": "db"}, "type": "rw"}}
    serve(api, live(**INITDB), services=listed(own, other), poolers=listed(pooler))
    assert [(one.name, one.kind) for one in asked(team).endpoints] == [("db-rw", "service"), ("pool", "pooler")]


def test_a_cluster_that_nobody_can_reach_is_told_first(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=IN_GIT)})
    found = live(**INITDB)
    found["metadata"]["annotations"] = {"cnpg.io/hibernation": "on"}
    found["status"]["readyInstances"] = 0
    serve(api, found)
    answer = asked(team)
    assert [(one.severity, one.id) for one in answer.problems] == [("critical", "no-instance")]
    assert answer.markdown().index("## In the way") < answer.markdown().index("## Password")


def test_names_of_others_are_words_in_a_command_and_no_part_of_the_shell(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=IN_GIT)})
    spec: Object = {
        "bootstrap": {"initdb": {"secret": {"name": "a; reboot"}}},
        "certificates": {"serverCASecret": "$(reboot)"},
        "managed": {"services": {"additional": [{"serviceTemplate": {"metadata": {"name": "db.evil.example/x?"}}}]}},
    }
    serve(api, live(**spec))
    answer = asked(team)
    assert answer.secret is not None
    assert answer.secret.command.startswith("kubectl -n shop get secret 'a; reboot' -o jsonpath=")
    assert answer.authority is not None
    assert answer.authority.command.startswith("kubectl -n shop get secret '$(reboot)' -o jsonpath=")
    assert [one.name for one in answer.endpoints] == ["db-rw", "db-ro", "db-r"]

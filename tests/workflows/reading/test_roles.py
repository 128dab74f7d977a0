from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.answers.members import RoleRow
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.workflows.reading.roles import list_roles, object_state
from tests.fakes.api import Answer, status
from tests.workflows.conftest import FORBIDDEN, Api, Team, cluster, listed, live

INLINE = "{instances: 3, managed: {roles: [{name: app, login: true, createdb: true, passwordSecret: {name: app-pw}}]}}"
LIVE_INLINE = {"roles": [{"name": "app", "login": True, "createdb": True, "passwordSecret": {"name": "app-pw"}}]}


def document(name: str, spec: str = "") -> str:
    return (
        "apiVersion: postgresql.cnpg.io/v1\nkind: DatabaseRole\n"
        f"metadata: {{name: db-{name}, namespace: shop}}\nspec: {{name: {name}, cluster: {{name: db}}{spec}}}\n"
    )


def role(name: str, *, applied: bool | None = True, message: str = "", **spec: Any) -> Object:
    found: Object = {
        "metadata": {"name": f"db-{name}", "namespace": "shop", "generation": 1},
        "spec": {"name": name, "cluster": {"name": "db"}, **spec},
    }
    return (
        found
        if applied is None
        else found | {"status": {"applied": applied, "observedGeneration": 1, "message": message}}
    )


def test_roles_of_a_cluster_whose_namespace_nothing_says_are_those_that_git_declares(team: Team, api: Api) -> None:
    files = {
        "db.yaml": cluster(namespace=None, spec=INLINE),
        "r.yaml": document("batch").replace(", namespace: shop", ""),
    }
    team.commit({**files, "other.yaml": document("elsewhere")})
    api.answers["*"] = status(503, "ServiceUnavailable", "down")
    found = list_roles(team.app(), "db", namespace=None, environment=None, limit=50, cursor=None)
    assert [(one.name, one.form, one.state) for one in found.items] == [
        ("app", "inline", "unknown"),
        ("batch", "DatabaseRole", "unknown"),
    ]
    assert found.namespace is None
    assert found.markdown().startswith("2 of 2 roles of db in default")


def with_roles(managed: Object | None = None, **status_: Any) -> Object:
    found = live(managed=managed) if managed else live()
    return found | {"status": {**found["status"], "managedRolesStatus": status_}}


def rows(team: Team) -> dict[str, RoleRow]:
    found = list_roles(team.app(), "db", namespace=None, environment=None, limit=50, cursor=None)
    assert len(found.items) == found.total
    return {row.name: row for row in found.items}


def proposed(team: Team, name: str, files: dict[str, str]) -> None:
    team.git("checkout", "--quiet", "-b", f"gitops-mcp/{name}", "main")
    team.commit(dict(files))
    team.git("checkout", "--quiet", "main")


@pytest.mark.parametrize(
    ("alive", "state", "message"),
    [
        pytest.param(with_roles(LIVE_INLINE, byStatus={"reconciled": ["app"]}), "reconciled", None, id="as Git says"),
        pytest.param(
            with_roles(LIVE_INLINE, byStatus={"pending-reconciliation": ["app"]}), "pending", None, id="not done yet"
        ),
        pytest.param(
            with_roles({"roles": [{"name": "app", "login": True}]}, byStatus={"reconciled": ["app"]}),
            "pending",
            "it is not applied yet as Git says it",
            id="other attributes",
        ),
        pytest.param(
            with_roles(LIVE_INLINE, cannotReconcile={"app": ['role "x" is gone']}),
            "failing",
            'role "x" is gone',
            id="refused by PostgreSQL",
        ),
        pytest.param(live(), "only_in_git", None, id="not live"),
    ],
)
@pytest.mark.few(2)
def test_an_inline_role_of_git_is_where_the_operator_says(
    team: Team, api: Api, alive: Object, state: str, message: str | None
) -> None:
    team.commit({"db.yaml": cluster(spec=INLINE)})
    api.cluster("shop", "db", Answer(200, alive))
    found = rows(team)["app"]
    assert (found.state, found.message, found.form) == (state, message, "inline")
    assert (found.password, found.declared, found.object) == ("Secret app-pw", "db.yaml:4", None)
    assert found.attributes == ["login: true", "createdb: true"]


@pytest.mark.parametrize(
    ("by_status", "state"),
    [({"pending-reconciliation": ["app"]}, "pending"), ({"reconciled": ["app"]}, "dropped"), ({}, "dropped")],
)
def test_a_role_that_git_drops_is_dropped_once_postgresql_has_none(
    team: Team, api: Api, by_status: Object, state: str
) -> None:
    absent = "{instances: 3, managed: {roles: [{name: app, ensure: absent}]}}"
    team.commit({"db.yaml": cluster(spec=absent)})
    api.cluster(
        "shop", "db", Answer(200, with_roles({"roles": [{"name": "app", "ensure": "absent"}]}, byStatus=by_status))
    )
    assert rows(team)["app"].state == state


@pytest.mark.parametrize(
    ("alive", "state", "message"),
    [
        pytest.param([role("app", login=True)], "reconciled", None, id="as Git says"),
        pytest.param([role("app")], "pending", "it is not applied yet as Git says it", id="other attributes"),
        pytest.param([role("app", login=True, applied=False, message="no")], "failing", "no", id="refused"),
        pytest.param([], "only_in_git", None, id="not live"),
    ],
)
@pytest.mark.few(2)
def test_a_role_object_of_git_is_where_its_status_says(
    team: Team, api: Api, alive: list[Object], state: str, message: str | None
) -> None:
    team.commit({"db.yaml": cluster(), "app.yaml": document("app", ", login: true, disablePassword: true")})
    api.cluster("shop", "db", Answer(200, live()))
    api.objects("databaseroles", listed(*alive))
    found = rows(team)["app"]
    assert (found.state, found.message, found.form, found.object) == (state, message, "DatabaseRole", "db-app")
    assert (found.password, found.declared) == ("disabled", "app.yaml:1")


def test_a_role_that_is_being_deleted_is_pending() -> None:
    going = role("app")
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert object_state(going, is_current=True) == ("pending", "it is being deleted")


def test_a_role_that_no_operator_has_looked_at_yet_is_pending() -> None:
    assert object_state(role("app", applied=None), is_current=True)[0] == "pending"


def test_a_role_that_is_declared_twice_is_failing_in_both_places(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=INLINE), "app.yaml": document("app")})
    api.cluster("shop", "db", Answer(200, live()))
    found = list_roles(team.app(), "db", namespace=None, environment=None, limit=50, cursor=None).items
    assert [(row.form, row.state) for row in found] == [("DatabaseRole", "failing"), ("inline", "failing")]
    assert (found[0].message or "").startswith("it is declared twice")


def test_roles_that_only_the_api_has_are_told_apart_by_who_manages_them(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    alive = with_roles(
        {"roles": [{"name": "by_hand", "login": True}, {"name": "broken"}]},
        byStatus={"reconciled": ["by_hand"], "not-managed": ["app", "legacy"]},
        cannotReconcile={"broken": ["no"]},
    )
    alive["spec"]["bootstrap"] = {"initdb": {"database": "app", "owner": "app"}}
    api.cluster("shop", "db", Answer(200, alive))
    api.objects("databaseroles", listed(role("report"), role("other", cluster={"name": "db-2"})))
    found = rows(team)
    assert {name: (row.state, row.form) for name, row in found.items()} == {
        "app": ("unmanaged", None),
        "broken": ("failing", "inline"),
        "by_hand": ("only_live", "inline"),
        "legacy": ("unmanaged", None),
        "report": ("only_live", "DatabaseRole"),
    }
    assert (found["app"].origin, found["legacy"].origin) == ("bootstrap", None)
    assert (found["broken"].message, found["report"].password) == ("no", "not set here")


def test_with_direct_delivery_no_role_is_missing_in_git(team: Team, api: Api) -> None:
    team.commit({".gitops-mcp.yaml": "environments: {dev: {delivery: direct}}\n", "db.yaml": cluster()})
    api.cluster("shop", "db", Answer(200, with_roles({"roles": [{"name": "app"}]}, byStatus={"reconciled": ["app"]})))
    api.objects("databaseroles", listed(role("report")))
    assert {name: row.state for name, row in rows(team).items()} == {"app": "reconciled", "report": "reconciled"}


def test_open_changes_are_named_at_the_roles_they_touch(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=INLINE)})
    proposed(team, "change-app", {"db.yaml": cluster(spec=INLINE.replace("createdb: true", "createdb: false"))})
    proposed(team, "add-report", {"report.yaml": document("report", ", login: true")})
    proposed(team, "scale", {"db.yaml": cluster(spec=INLINE.replace("instances: 3", "instances: 4"))})
    api.cluster("shop", "db", Answer(200, live()))
    found = rows(team)
    assert found["app"].pending == ["change-app"]
    report = found["report"]
    assert (report.state, report.pending, report.object, report.attributes) == (
        "proposed",
        ["add-report"],
        "db-report",
        ["login: true"],
    )


def test_without_the_api_the_state_of_what_git_says_is_unknown(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=INLINE)})
    api.cluster("shop", "db", status(503, "ServiceUnavailable", "down"))
    assert {name: row.state for name, row in rows(team).items()} == {"app": "unknown"}


def test_a_role_is_not_missing_where_the_roles_could_not_be_read(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(), "a.yaml": document("a")})
    api.cluster("shop", "db", Answer(200, live()))
    api.objects("databaseroles", FORBIDDEN)
    assert rows(team)["a"].state == "unknown"
    api.objects("databaseroles", listed())
    assert rows(team)["a"].state == "only_in_git"


def test_a_list_goes_on_where_it_stopped(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(), **{f"{name}.yaml": document(name) for name in ("a", "b", "c")}})
    api.cluster("shop", "db", Answer(200, live()))
    app = team.app()
    first = list_roles(app, "db", namespace=None, environment=None, limit=2, cursor=None)
    second = list_roles(app, "db", namespace=None, environment=None, limit=2, cursor=first.cursor)
    assert [[row.name for row in page.items] for page in (first, second)] == [["a", "app"], ["b", "c"]]
    assert (first.total, second.cursor) == (4, None)
    with pytest.raises(InvalidRequest, match="none of list_postgres_roles"):
        list_roles(app, "db", namespace="shop", environment=None, limit=2, cursor=first.cursor)


SEALED = "/apis/bitnami.com/v1alpha1/namespaces/shop/sealedsecrets?limit=500"
EXTERNAL = "/apis/external-secrets.io/v1/namespaces/shop/externalsecrets?limit=500"


def maker(kind: str, name: str, condition: str, state: str, message: str, *, observed: int = 2) -> Object:
    version = {"SealedSecret": "bitnami.com/v1alpha1", "ExternalSecret": "external-secrets.io/v1"}[kind]
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": "shop", "generation": 2},
        "spec": {},
        "status": {
            "conditions": [{"type": condition, "status": state, "message": message}],
            "observedGeneration": observed,
        },
    }


NO_KEY = "no key could decrypt secret (password, username)"
NOT_MADE = (
    f"SealedSecret shop/pw does not make Secret pw as it says, and it is not tried again by itself, only once it changes "
    f"or its controller starts anew; its controller says (untrusted text): {NO_KEY}"
)


@pytest.mark.parametrize(
    ("sealed", "applied", "state", "message"),
    [
        pytest.param(("True", ""), True, "reconciled", None, id="opened"),
        pytest.param(("False", NO_KEY), True, "failing", NOT_MADE, id="the old password works on"),
        pytest.param(
            ("False", NO_KEY), False, "failing", f'secrets "pw" not found; {NOT_MADE}', id="it never had a password"
        ),
    ],
)
def test_a_role_whose_password_is_not_opened_is_failing_with_the_controllers_reason(
    team: Team, api: Api, sealed: tuple[str, str], applied: bool, state: str, message: str | None
) -> None:
    team.commit({"db.yaml": cluster(), "r.yaml": document("app", ", passwordSecret: {name: pw}")})
    api.cluster("shop", "db", Answer(200, live()))
    said = "" if applied else 'secrets "pw" not found'
    api.objects("databaseroles", listed(role("app", applied=applied, message=said, passwordSecret={"name": "pw"})))
    api.answers[SEALED] = listed(maker("SealedSecret", "pw", "Synced", *sealed))
    found = rows(team)["app"]
    assert (found.state, found.message) == (state, message)


def test_of_an_external_secret_the_event_is_told_too(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(), "r.yaml": document("app", ", passwordSecret: {name: pw}")})
    api.cluster("shop", "db", Answer(200, live()))
    api.objects("databaseroles", listed(role("app", passwordSecret={"name": "pw"})))
    api.answers[EXTERNAL] = listed(maker("ExternalSecret", "pw", "Ready", "False", "could not update secret"))
    selected = "involvedObject.kind%3DExternalSecret%2CinvolvedObject.name%3Dpw%2Ctype%3DWarning"
    events = f"/api/v1/namespaces/shop/events?limit=500&fieldSelector={selected}"
    api.answers[events] = listed(
        {"type": "Warning", "message": "old", "lastTimestamp": "2026-01-01T00:00:00Z", "metadata": {"name": "a"}},
        {"type": "Warning", "message": "no .nope", "lastTimestamp": "2026-01-02T00:00:00Z", "metadata": {"name": "b"}},
    )
    found = rows(team)["app"]
    assert (found.state, str(found.message).endswith("could not update secret; no .nope")) == ("pending", True)


def test_without_the_right_to_read_conditions_that_is_said_once_and_nothing_fails(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(), "r.yaml": document("app", ", passwordSecret: {name: pw}")})
    api.cluster("shop", "db", Answer(200, live()))
    api.objects("databaseroles", listed(role("app", passwordSecret={"name": "pw"})))
    api.answers.update(dict.fromkeys((SEALED, EXTERNAL), status(403, "Forbidden", "cannot list")))
    found = list_roles(team.app(), "db", namespace=None, environment=None, limit=50, cursor=None)
    assert [one.state for one in found.items] == ["reconciled"]
    assert [one.id for one in found.warnings].count("secret-conditions-unread") == 1


def test_where_no_role_has_a_secret_nobody_is_asked(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(), "r.yaml": document("app")})
    api.cluster("shop", "db", Answer(200, live()))
    api.objects("databaseroles", listed(role("app")))
    rows(team)
    assert not [one for one in api.asked if "secrets" in one]

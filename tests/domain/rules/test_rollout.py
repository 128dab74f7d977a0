from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules.rollout import (
    added_volumes,
    changed_parameters,
    changed_preloads,
    grown_volumes,
    may_be_postmaster,
    pod_fields,
)
from tests.domain.rules.examples import cluster, parameters


@pytest.mark.parametrize(
    ("spec", "fields"),
    [
        pytest.param({"env": [{"name": "TZ", "value": "UTC"}]}, ("spec.env",), id="a variable"),
        pytest.param({"monitoring": {"tls": {"enabled": True}}}, ("spec.monitoring.tls",), id="a field inside"),
        pytest.param({"stopDelay": 60, "startDelay": 60}, ("spec.startDelay", "spec.stopDelay"), id="two fields"),
        pytest.param({"stopDelay": 1800, "startDelay": 3600}, (), id="the defaults, stated"),
        pytest.param({"affinity": {"podAntiAffinityType": "preferred"}}, (), id="a default inside"),
        pytest.param({"affinity": {"nodeSelector": {}, "tolerations": []}}, (), id="empty parts"),
        pytest.param({"schedulerName": ""}, (), id="an empty text"),
        pytest.param({"instances": 5, "description": "x"}, (), id="no fields of a pod"),
    ],
)
def test_a_field_makes_pods_anew_where_it_takes_effect(spec: Object, fields: tuple[str, ...]) -> None:
    assert pod_fields(cluster(), cluster(**spec)) == fields
    assert pod_fields(cluster(**spec), cluster()) == fields


def test_a_default_of_a_plugin_that_is_stated_is_no_change() -> None:
    before = cluster(plugins=[{"name": "a"}])
    stated = {"name": "a", "enabled": True, "isWALArchiver": False}
    assert pod_fields(before, cluster(plugins=[stated])) == ()
    assert pod_fields(before, cluster(plugins=[{**stated, "isWALArchiver": True}])) == ("spec.plugins",)


def test_quantities_are_compared_as_numbers() -> None:
    before = cluster(resources={"requests": {"cpu": "1", "memory": "1Gi"}})
    assert pod_fields(before, cluster(resources={"requests": {"cpu": "1000m", "memory": "1024Mi"}})) == ()
    assert pod_fields(before, cluster(resources={"requests": {"cpu": "1001m", "memory": "1Gi"}})) == ("spec.resources",)


def test_parameters_change_by_the_text_that_postgresql_gets() -> None:
    before = parameters(jit="off", max_connections=100, work_mem="4MB")
    after = parameters(wal_buffers="16MB", max_connections="100", work_mem="8MB")
    assert changed_parameters(before, after) == ("jit", "wal_buffers", "work_mem")
    assert changed_parameters(None, parameters(jit="off")) == ("jit",)


def test_archive_mode_stays_as_the_operator_has_it() -> None:
    assert changed_parameters(parameters(archive_mode="on"), parameters(archive_mode="off", work_mem="8MB")) == (
        "work_mem",
    )


def test_only_a_parameter_of_an_extension_that_is_not_known_may_be_read_at_the_start() -> None:
    keys = ("work_mem", "pgaudit.log", "AUTO_EXPLAIN.log_format", "timescaledb.max_background_workers")
    assert [key for key in keys if may_be_postmaster(key)] == ["timescaledb.max_background_workers"]


def test_libraries_come_and_go_by_name_and_with_the_first_parameter_of_their_extension() -> None:
    listed = cluster(postgresql={"shared_preload_libraries": ["age", "pg_cron"]})
    one: Object = {"pgaudit.log": "all"}
    more: Object = {"pgaudit.log": "all", "pgaudit.role": "auditor", "age.x": "1"}
    assert changed_preloads(cluster(), listed) == ("age", "pg_cron")
    assert changed_preloads(listed, parameters(**more)) == ("age", "pg_cron", "pgaudit")
    assert changed_preloads(parameters(**one), parameters(**more)) == ()


def volumes(*tablespaces: tuple[str, str], **spec: Any) -> Object:
    return cluster(tablespaces=[{"name": name, "storage": {"size": size}} for name, size in tablespaces], **spec)


def test_volumes_grow_by_name_where_they_were_there_already() -> None:
    before = volumes(("hot", "1Gi"), ("cold", "1Gi"), storage={"size": "10Gi"})
    grown = {"storage": {"size": "20Gi"}, "walStorage": {"size": "1Gi"}}
    after = volumes(("cold", "1024Mi"), ("hot", "2Gi"), ("new", "9Gi"), **grown)
    assert grown_volumes(before, after) == ("spec.storage", "spec.tablespaces[hot]")
    assert added_volumes(before, after) == ("spec.walStorage", "spec.tablespaces[new]")
    assert grown_volumes(after, before) == ()
    assert added_volumes(None, after) == (
        "spec.walStorage",
        "spec.tablespaces[cold]",
        "spec.tablespaces[hot]",
        "spec.tablespaces[new]",
    )

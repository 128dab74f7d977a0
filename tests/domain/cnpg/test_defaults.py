"""The whole of what is filled in is held to what a real server kept, in tests/domain/rules/recorded."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.cnpg.defaults import default_major, default_parameters, fill_webhook_defaults
from gitops_mcp.domain.cnpg.releases import KNOWN, Release
from gitops_mcp.domain.objects import Object, at


def cluster(annotations: Object | None = None, **spec: Any) -> Object:
    return {"kind": "Cluster", "metadata": {"name": "db", "annotations": annotations or {}}, "spec": spec}


def filled(value: Object, *path: str | int, operator: Release | None = None) -> Any:
    return at(fill_webhook_defaults(value, operator=operator), "spec", *path)


@pytest.mark.parametrize(
    ("bootstrap", "path", "expected"),
    [
        ({}, ("initdb", "owner"), "app"),
        ({"initdb": {"database": "orders"}}, ("initdb", "owner"), "orders"),
        ({"initdb": {"owner": "orders"}}, ("initdb", "database"), "app"),
        ({"initdb": {"import": {"type": "monolith"}}}, ("initdb", "database"), None),
        ({"initdb": {"import": {"type": "monolith"}}}, ("initdb", "owner"), None),
        ({"recovery": {"source": "a"}}, ("recovery", "owner"), "app"),
        ({"recovery": {"source": "a"}}, ("initdb",), None),
        ({"pg_basebackup": {"database": "a"}}, ("pg_basebackup", "owner"), "a"),
    ],
)
def test_the_method_that_is_stated_is_completed(bootstrap: Object, path: tuple[str, ...], expected: Any) -> None:
    assert filled(cluster(bootstrap=bootstrap), "bootstrap", *path) == expected


def test_tablespaces_belong_to_the_owner_of_the_database() -> None:
    value = cluster(bootstrap={"initdb": {"owner": "orders"}}, tablespaces=[{"name": "a"}, {"owner": {"name": "b"}}])
    assert [one["owner"]["name"] for one in filled(value, "tablespaces")] == ["orders", "b"]


@pytest.mark.parametrize(
    ("value", "mode"),
    [
        (cluster(), "on"),
        (cluster(postgresql={"parameters": {"archive_mode": "off"}}), "on"),
        (cluster(replica={"source": "a"}), "always"),
        (cluster({"cnpg.io/skipWalArchiving": "enabled"}), "off"),
    ],
)
def test_archive_mode_is_the_operators(value: Object, mode: str) -> None:
    assert filled(value, "postgresql", "parameters", "archive_mode") == mode
    assert default_parameters(value)["archive_mode"] == mode


def test_parameters_that_are_stated_stay_and_none_come_where_the_image_says_no_major() -> None:
    assert filled(cluster(postgresql={"parameters": {"wal_level": "replica"}}), "postgresql", "parameters")[
        "wal_level"
    ] == ("replica")
    assert filled(cluster(imageName="example/pg:latest"), "postgresql", "parameters") is None


def test_the_default_queries_come_first_and_once() -> None:
    mine, usual = {"name": "mine", "key": "a"}, {"name": "cnpg-default-monitoring", "key": "queries"}
    value = cluster(monitoring={"customQueriesConfigMap": [mine]})
    assert filled(value, "monitoring", "customQueriesConfigMap") == [usual, mine]
    assert filled(cluster(monitoring={"customQueriesConfigMap": [mine, usual]}), "monitoring") == {
        "customQueriesConfigMap": [mine, usual]
    }
    assert filled(cluster(monitoring={"disableDefaultQueries": True}), "monitoring") == {"disableDefaultQueries": True}


def test_annotations_of_older_releases_become_fields() -> None:
    pinger = {"alpha.cnpg.io/livenessPinger": '{"enabled": false, "requestTimeout": 7}'}
    assert filled(cluster(pinger), "probes", "liveness", "isolationCheck") == {
        "enabled": False,
        "requestTimeout": 7,
        "connectionTimeout": 1000,
    }
    quorum = cluster({"alpha.cnpg.io/failoverQuorum": "true"}, postgresql={"synchronous": {"number": 1}})
    assert filled(quorum, "postgresql", "synchronous", "failoverQuorum") is True
    assert filled(quorum, "postgresql", "synchronous", "failoverQuorum", operator=(1, 27, 0)) is None


@pytest.mark.parametrize(
    ("operator", "tag"),
    [
        ((1, 25, 0), "17.2"),
        ((1, 25, 4), "18.0-system-trixie"),
        ((1, 26, 1), "17.5"),
        ((1, 27, 0), "17.5"),
        ((1, 27, 3), "18.1-system-trixie"),
        ((1, 28, 0), "18.1-system-trixie"),
        ((1, 29, 1), "18.3-system-trixie"),
        ((1, 30, 0), "18.4-system-trixie"),
        (None, "18.4-system-trixie"),
        ((1, 31, 0), "18.6-system-trixie"),
    ],
)
def test_the_default_image_is_of_the_operators_release(operator: Release | None, tag: str) -> None:
    image = filled(cluster(), "imageName", operator=operator)
    assert image == f"ghcr.io/cloudnative-pg/postgresql:{tag}"
    assert default_major(operator) == int(tag[:2])
    assert filled(cluster(imageCatalogRef={"major": 17}), "imageName", operator=operator) is None


@pytest.mark.parametrize("operator", KNOWN)
def test_a_second_pass_adds_nothing(operator: Release) -> None:
    once = fill_webhook_defaults(cluster(), operator=operator)
    assert fill_webhook_defaults(once, operator=operator) is once


@pytest.mark.parametrize("section", ["bootstrap", "postgresql", "affinity", "monitoring", "probes", "tablespaces"])
@pytest.mark.parametrize("shape", ["text", ["list"], 5, {"initdb": "x", "parameters": [], "liveness": 1}])
def test_a_section_of_another_shape_is_left_alone(section: str, shape: Any) -> None:
    made = filled(cluster(**{section: shape}), section)
    assert made == shape or (isinstance(shape, dict) and made.items() >= {"initdb": "x", "liveness": 1}.items())


def test_what_is_given_stays_as_it_is_and_other_kinds_too() -> None:
    value = cluster()
    fill_webhook_defaults(value)
    assert value == cluster()
    database: Object = {"kind": "Database", "spec": {}}
    assert fill_webhook_defaults(database) is database

from __future__ import annotations

import re
from typing import Any

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Seen, Severity, findings
from tests.domain.rules.examples import Accepted, Refused, cluster, findings_against, findings_at_field, made

OWN = "registry.example.com/cloudnative-pg/postgresql:16.4-standard-bookworm"
OTHERS = "example/postgresql:16.4"
CATALOG = made("ClusterImageCatalog", "ours", {"images": [{"major": 16, "image": OWN}]})
REFERENCE: Object = {"apiGroup": "postgresql.cnpg.io", "kind": "ClusterImageCatalog", "name": "ours", "major": 16}


def given(image: str | None = OWN, /, *, by: Object | None = None, **parameters: Any) -> Object:
    return cluster(imageName=image, imageCatalogRef=by, postgresql={"parameters": parameters})


def as_given(key: str, value: str) -> dict[str, Any]:
    return {key: value}


def refused(rule: str, key: str, value: str, says: str, *, image: str = OWN, severity: Severity = "error") -> Refused:
    return Refused(
        rule, Seen(given(image, **as_given(key, value))), f"spec.postgresql.parameters.{key}", says, severity
    )


ACCEPTED = [
    pytest.param(Accepted("parameter-name", Seen(given(TimeZone="UTC", work_mem="4MB"))), id="names in any case"),
    pytest.param(
        Accepted("parameter-name", Seen(given(**as_given("timescaledb.x", "1")))), id="an extension not known here"
    ),
    pytest.param(Accepted("parameter-name", Seen(given("example/pg:13.4", wal_keep_segments="1"))), id="an old major"),
    pytest.param(Accepted("parameter-value", Seen(given(work_mem="${WORK_MEM}"))), id="a variable"),
    pytest.param(
        Accepted("parameter-value", Seen(given(wal_compression="zstd"))), id="what the images were built with"
    ),
    pytest.param(Accepted("parameter-value", Seen(given(max_connections="0x64"))), id="an odd number"),
]

REFUSED = [
    pytest.param(refused("parameter-name", "allow_alter_system", "on", "it came with 17"), id="a newer one"),
    pytest.param(refused("parameter-name", "work_men", "4MB", "did you mean work_mem"), id="a letter that is wrong"),
    pytest.param(refused("parameter-name", "pgaudit.logs", "all", "did you mean pgaudit.log"), id="of an extension"),
    pytest.param(
        refused("parameter-name", "work_men", "4MB", "unless this image", image=OTHERS, severity="warning"),
        id="a name in an image of others",
    ),
    pytest.param(
        refused("parameter-name", "work_men", "4MB", "did you mean", image="example/pg:19", severity="warning"),
        id="a name in a major that is not known",
    ),
    pytest.param(refused("parameter-value", "work_mem", "lots", "is not a number with"), id="no size"),
    pytest.param(
        refused("parameter-value", "work_mem", "lz4", "is not a number"),
        id="a packaged algorithm where it is not a value",
    ),
    pytest.param(
        refused(
            "parameter-value", "default_toast_compression", "zstd", "there are: pglz", image=OWN.replace("16.4", "17.6")
        ),
        id="a packaged algorithm of another parameter",
    ),
    pytest.param(refused("parameter-value", "jit", "maybe", "neither 'on' nor 'off'"), id="no boolean"),
    pytest.param(
        refused("parameter-value", "work_mem", "lots", "unless this image", image=OTHERS, severity="warning"),
        id="a value in an image of others",
    ),
    pytest.param(
        refused("parameter-value", "wal_compression", "lz4", "built with it$", image=OTHERS, severity="warning"),
        id="what an image of others may not have",
    ),
    pytest.param(
        refused("parameter-value", "pg_stat_statements.track", "most", "goes on without", severity="warning"),
        id="what an extension passes over",
    ),
    pytest.param(
        Refused(
            "parameter-value",
            Seen(given(None, by=REFERENCE, work_mem="lots"), neighbours=(CATALOG,)),
            "spec.postgresql.parameters.work_mem",
            "is not a number",
        ),
        id="an image of a catalog",
    ),
    pytest.param(
        Refused(
            "parameter-value",
            Seen(given(None, by=REFERENCE, work_mem="lots")),
            "spec.postgresql.parameters.work_mem",
            "unless this image",
            "warning",
        ),
        id="an image of a catalog that is not seen",
    ),
    pytest.param(
        Refused(
            "parameter-value",
            Seen(given(OWN, work_mem="lots"), declared=given(None, work_mem="lots")),
            "spec.postgresql.parameters.work_mem",
            "unless this image",
            "warning",
        ),
        id="the operator's default image",
    ),
    pytest.param(
        Refused(
            "parameter-value",
            Seen(given(OWN, work_mem="lots"), given(OWN), live=given(OWN), declared=given(None, work_mem="lots")),
            "spec.postgresql.parameters.work_mem",
            "is not a number",
        ),
        id="the operator's default image, as it is live",
    ),
    pytest.param(
        Refused(
            "parameter-name",
            Seen(given(OWN.replace("16.4", "17.6"), old_snapshot_threshold="-1"), given(old_snapshot_threshold="-1")),
            "spec.postgresql.parameters.old_snapshot_threshold",
            "it went with 17",
        ),
        id="a major upgrade that leaves a parameter behind",
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_a_good_parameter_is_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_a_bad_parameter_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)


def test_what_the_operator_refuses_is_not_told_twice() -> None:
    found = findings(Seen(given(shared_buffers="lots", wal_level="none", port="1", max_wal_size="lots", jit=True)))
    assert {one.rule for one in found} == {"parameters", "wal-sizes"}


def test_a_parameter_that_was_wrong_before_is_no_error_of_this_change() -> None:
    (found,) = findings(Seen(given(work_men="4MB", jit="off"), given(work_men="4MB")))
    assert (found.severity, found.is_old, found.stands_in_the_way) == ("warning", True, False)

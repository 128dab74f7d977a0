from __future__ import annotations

import re

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import (
    LOGIC,
    NEWEST,
    Accepted,
    Refused,
    cluster,
    findings_against,
    findings_at_field,
    parameters,
)

SLOTS: Object = {"pg_failover_slots.synchronize_slot_names": "x"}

STATEMENTS: Object = {"pg_stat_statements.max": "10000"}

MINIMAL: Object = {"wal_level": "minimal", "max_wal_senders": "0"}

NO_ARCHIVE: Object = {"cnpg.io/skipWalArchiving": "enabled"}

ACCEPTED = [
    pytest.param(Accepted("archive-mode", Seen(parameters(archive_mode="on"))), id="the operator's own archive_mode"),
    pytest.param(
        Accepted("archive-mode", Seen(parameters(NO_ARCHIVE, archive_mode="off"), parameters(NO_ARCHIVE))),
        id="and that without archiving",
    ),
    pytest.param(
        Accepted("parameters", Seen(parameters(max_connections="200", log_destination="csvlog", **STATEMENTS))),
        id="the operator's own value, and a parameter of an extension",
    ),
    pytest.param(Accepted("parameters", Seen(cluster(postgresql={}))), id="no parameters"),
    pytest.param(
        Accepted("parameters", Seen(parameters(archive_mode="on", hot_standby_feedback="tru", wal_log_hints="ye"))),
        id="what the API stores, and prefixes of booleans",
    ),
    pytest.param(
        Accepted("parameters", Seen(parameters(ssl_ecdh_curve="prime256v1"), operator=(1, 31, 0))),
        id="what the releases up to 1.30 fixed",
    ),
    pytest.param(
        Accepted("parameters", Seen(parameters(synchronized_standby_slots="x"), operator=(1, 26, 3))),
        id="what the releases since 1.27 fix",
    ),
    pytest.param(
        Accepted("wal-level", Seen(parameters(spec={"instances": 3}, wal_level="replica"))),
        id="replica, with 3 instances",
    ),
    pytest.param(
        Accepted(
            "wal-level",
            Seen(
                parameters(NO_ARCHIVE, spec={"instances": 1}, **MINIMAL),
                parameters(NO_ARCHIVE, spec={"instances": 1}, **MINIMAL),
            ),
        ),
        id="minimal as before, on one instance",
    ),
    pytest.param(Accepted("wal-log-hints", Seen(parameters(wal_log_hints="on"))), id="hints on"),
    pytest.param(
        Accepted("wal-log-hints", Seen(parameters(spec={"instances": 1}, wal_log_hints="off"))),
        id="hints off, with one instance",
    ),
    pytest.param(
        Accepted(
            "wal-sizes", Seen(parameters(spec={"walStorage": {"size": "10Gi"}}, min_wal_size="1GB", max_wal_size="8GB"))
        ),
        id="sizes that the volume holds",
    ),
    pytest.param(
        Accepted("wal-sizes", Seen(parameters(spec={"walStorage": {"size": "100Mi"}}, work_mem="4MB"))),
        id="a small volume, and no sizes",
    ),
    pytest.param(Accepted("shared-buffers-unit", Seen(parameters(shared_buffers="256MB"))), id="buffers with a unit"),
    pytest.param(
        Accepted("wal-level-kept", Seen(parameters(wal_level="replica"), parameters(wal_level="logical"))),
        id="logical to replica",
    ),
    pytest.param(
        Accepted(
            "wal-level-kept",
            Seen(
                parameters(NO_ARCHIVE, spec={"instances": 1}, **MINIMAL),
                parameters(NO_ARCHIVE, spec={"instances": 1}, **MINIMAL),
            ),
        ),
        id="minimal before, on one instance",
    ),
    pytest.param(
        Accepted("failover-slots", Seen(parameters(hot_standby_feedback="on", **SLOTS))),
        id="failover slots with feedback",
    ),
]

REFUSED = [
    pytest.param(
        Refused(
            "archive-mode",
            Seen(parameters(archive_mode="off")),
            "spec.postgresql.parameters.archive_mode",
            "is 'off', and the operator writes 'on' over it: it changes nothing",
            "warning",
        ),
        id="an archive_mode that the operator overwrites",
    ),
    *(
        pytest.param(
            Refused("parameters", Seen(parameters(**given)), f"spec.postgresql.parameters.{next(iter(given))}", says),
            id=f"{next(iter(given))}={next(iter(given.values()))}",
        )
        for given, says in (
            ({"port": "5433"}, "port may not be set"),
            ({"ssl_ecdh_curve": "prime256v1"}, "ssl_ecdh_curve may not be set: the operator sets it itself"),
            ({"synchronized_standby_slots": "x"}, "may not be set"),
            ({"pg_failover_slots.standby_slot_names": "x"}, "may not be set"),
            ({"log_destination": "stderr"}, "may not be set"),
            ({"max_connections": 200}, "must be a string, such as .*'200'"),
            ({"PORT": "5433"}, "may not be set.*the API would take it"),
            ({"x" * 129: "1"}, "not the name of a parameter.*the API would take it"),
            ({"shared_buffers": "512MB "}, "not a size of PostgreSQL[^()]*$"),
            ({"shared_buffers": "1PB"}, "not a size of PostgreSQL.*the API would take it"),
            ({"wal_log_hints": "o"}, "'on' or 'off'"),
            ({"wal_level": "logica"}, "there are: logical"),
            ({"shared_buffers": "25%"}, "not a size of PostgreSQL"),
            ({"hot_standby_feedback": "maybe"}, "'on' or 'off'"),
            ({"app.conninfo": "host=x password=y1"}, "looks as if it held a password"),
        )
    ),
    pytest.param(
        Refused(
            "parameters",
            Seen(cluster(postgresql={"parameters": {"max connections": "1"}}), operator=NEWEST),
            "spec.postgresql.parameters.max connections",
            "not the name of a parameter",
        ),
        id="a name with a blank",
    ),
    pytest.param(
        Refused(
            "wal-sizes",
            Seen(parameters(min_wal_size="64KB")),
            "spec.postgresql.parameters.min_wal_size",
            "'64KB' is not a size.*the API would take it",
        ),
        id="a unit that only the webhook knows",
    ),
    pytest.param(
        Refused(
            "wal-level-kept",
            Seen(
                parameters(NO_ARCHIVE, spec={"instances": 1}, **MINIMAL), parameters(NO_ARCHIVE, spec={"instances": 1})
            ),
            "spec.postgresql.parameters.wal_level",
            "has 'logical': keep that",
        ),
        id="the default to minimal",
    ),
    pytest.param(
        Refused(
            "wal-level",
            Seen(parameters(NO_ARCHIVE, **MINIMAL)),
            "spec.postgresql.parameters.wal_level",
            "there are 3: use 'replica'",
        ),
        id="minimal, with 3 instances",
    ),
    pytest.param(
        Refused(
            "wal-level",
            Seen(parameters(spec={"instances": 1}, **MINIMAL)),
            "spec.postgresql.parameters.wal_level",
            "excludes WAL archiving",
        ),
        id="minimal, with WAL archiving",
    ),
    pytest.param(
        Refused(
            "wal-level",
            Seen(parameters(NO_ARCHIVE, spec={"instances": 1, "replica": {"enabled": True}}, **MINIMAL)),
            "spec.postgresql.parameters.wal_level",
            "excludes a replica cluster",
        ),
        id="minimal, on a replica cluster",
    ),
    pytest.param(
        Refused(
            "wal-level",
            Seen(parameters(NO_ARCHIVE, spec={"instances": 1}, wal_level="minimal")),
            "spec.postgresql.parameters.max_wal_senders",
            "must be '0'",
        ),
        id="minimal, with WAL senders",
    ),
    pytest.param(
        Refused(
            "wal-log-hints",
            Seen(parameters(wal_log_hints="off")),
            "spec.postgresql.parameters.wal_log_hints",
            "leave it out",
        ),
        id="hints off, with 3 instances",
    ),
    pytest.param(
        Refused(
            "wal-sizes",
            Seen(parameters(min_wal_size="2GB")),
            "spec.postgresql.parameters.min_wal_size",
            "less than max_wal_size",
        ),
        id="the least above the default most",
    ),
    pytest.param(
        Refused(
            "wal-sizes",
            Seen(parameters(max_wal_size="64MB")),
            "spec.postgresql.parameters.max_wal_size",
            "80MB and 1GB",
        ),
        id="the most below the default least",
    ),
    pytest.param(
        Refused(
            "wal-sizes",
            Seen(parameters(max_wal_size="2Gi")),
            "spec.postgresql.parameters.max_wal_size",
            "'2Gi' is not a size",
        ),
        id="Gi for GB",
    ),
    pytest.param(
        Refused(
            "wal-sizes",
            Seen(parameters(spec={"walStorage": {"size": "2Gi"}}, max_wal_size="2GB")),
            "spec.postgresql.parameters.max_wal_size",
            "less than spec.walStorage",
        ),
        id="the most as large as the volume",
    ),
    pytest.param(
        Refused(
            "shared-buffers-unit",
            Seen(parameters(shared_buffers="256")),
            "spec.postgresql.parameters.shared_buffers",
            "'256MB'",
            "warning",
        ),
        id="buffers without a unit",
    ),
    pytest.param(
        Refused(
            "wal-level-kept",
            Seen(
                parameters(NO_ARCHIVE, spec={"instances": 1}, **MINIMAL),
                parameters(NO_ARCHIVE, spec={"instances": 1}),
                parameters(NO_ARCHIVE, spec={"instances": 1}, wal_level="logical"),
            ),
            "spec.postgresql.parameters.wal_level",
            "has 'logical': keep that",
        ),
        id="logical, live, to minimal",
    ),
    pytest.param(
        Refused(
            "failover-slots",
            Seen(parameters(**SLOTS)),
            "spec.postgresql.parameters.hot_standby_feedback",
            "where pg_failover_slots",
        ),
        id="failover slots without feedback",
    ),
    pytest.param(
        Refused(
            "failover-slots",
            Seen(parameters(spec={"replicationSlots": {"highAvailability": {"enabled": False}}}, **LOGIC, **SLOTS)),
            "spec.replicationSlots.highAvailability.enabled",
            "must be true",
        ),
        id="failover slots without slots of the operator",
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_good_parameters_are_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_a_bad_parameter_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)

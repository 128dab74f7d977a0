from __future__ import annotations

import re

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import (
    LOGIC,
    Accepted,
    Refused,
    cluster,
    findings_against,
    findings_at_field,
    listed,
    parameters,
)

SLOTS: Object = {"pg_failover_slots.synchronize_slot_names": "x"}

STATEMENTS: Object = {"pg_stat_statements.max": "10000"}

MINIMAL: Object = {"wal_level": "minimal", "max_wal_senders": "0"}

NO_ARCHIVE: Object = {"cnpg.io/skipWalArchiving": "enabled"}

ACCEPTED = [
    pytest.param(
        Accepted("parameters", Seen(parameters(max_connections="200", log_destination="csvlog", **STATEMENTS))),
        id="the operator's own value, and a parameter of an extension",
    ),
    pytest.param(Accepted("parameters", Seen(cluster(postgresql={}))), id="no parameters"),
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
    pytest.param(
        Accepted(
            "shared-buffers",
            Seen(parameters(spec={"resources": {"requests": {"memory": "1Gi"}}}, shared_buffers="256MB")),
        ),
        id="buffers below the memory request",
    ),
    pytest.param(
        Accepted(
            "shared-buffers",
            Seen(
                parameters(
                    spec={"resources": {"requests": {"memory": "1Gi", "hugepages-2Mi": "4Gi"}}}, shared_buffers="2GB"
                )
            ),
        ),
        id="buffers in huge pages",
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
    pytest.param(
        Accepted(
            "pg-hba",
            Seen(
                cluster(
                    podSelectorRefs=[{"name": "api", "selector": {"matchLabels": {"app": "api"}}}],
                    postgresql={
                        "pg_hba": [
                            "# people",
                            "hostssl all all ${podselector:api} scram-sha-256",
                            "",
                            "local all all peer",
                        ]
                    },
                )
            ),
        ),
        id="a comment, a selector of pods, and an empty record",
    ),
    pytest.param(
        Accepted("pg-hba-trust", Seen(cluster(postgresql={"pg_hba": ["host all all all md5 # no trust"]}))),
        id="trust in a comment",
    ),
    pytest.param(
        Accepted(
            "extensions",
            Seen(cluster(postgresql={"extensions": [{"name": "postgis", "image": {"reference": "example/p:3"}}]})),
        ),
        id="an extension",
    ),
    pytest.param(
        Accepted(
            "extension-images",
            Seen(cluster(postgresql={"extensions": [{"name": "postgis", "image": {"reference": "example/p:3"}}]})),
        ),
        id="an extension with its image",
    ),
    pytest.param(
        Accepted(
            "extension-images",
            Seen({**listed(), "spec": {**listed()["spec"], "postgresql": {"extensions": [{"name": "postgis"}]}}}),
        ),
        id="an extension with a catalog",
    ),
]

REFUSED = [
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
            ({"max connections": "1"}, "not the name of a parameter"),
            ({"wal_level": "logica"}, "there are: logical"),
            ({"shared_buffers": "25%"}, "no size of PostgreSQL"),
            ({"hot_standby_feedback": "maybe"}, "'on' or 'off'"),
            ({"app.conninfo": "host=x password=y1"}, "looks as if it held a password"),
        )
    ),
    pytest.param(
        Refused(
            "wal-level",
            Seen(parameters(NO_ARCHIVE, **MINIMAL)),
            "spec.postgresql.parameters.wal_level",
            "there are 3: 'replica'",
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
            "'2Gi' is no size",
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
            "shared-buffers",
            Seen(parameters(spec={"resources": {"requests": {"memory": "1Gi"}}}, shared_buffers="2GB")),
            "spec.postgresql.parameters.shared_buffers",
            "2GB is more than the memory request 1Gi",
        ),
        id="buffers above the memory request",
    ),
    pytest.param(
        Refused(
            "shared-buffers",
            Seen(
                parameters(spec={"resources": {"requests": {"memory": "100Mi"}}}, shared_buffers="200MB"),
                parameters(spec={"resources": {"requests": {"memory": "1Gi"}}}, shared_buffers="200MB"),
            ),
            "spec.postgresql.parameters.shared_buffers",
            "raise spec.resources.requests.memory",
        ),
        id="a request lowered below the buffers",
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
    pytest.param(
        Refused(
            "pg-hba",
            Seen(cluster(postgresql={"pg_hba": ["host all all ${podselector:api} md5"]})),
            "spec.postgresql.pg_hba[0]",
            "named 'api'; there are none",
        ),
        id="a selector of no pods",
    ),
    pytest.param(
        Refused(
            "pg-hba",
            Seen(cluster(postgresql={"pg_hba": ["hosts all all all md5"]})),
            "spec.postgresql.pg_hba[0]",
            "'hosts' starts",
        ),
        id="a record of no known type",
    ),
    pytest.param(
        Refused(
            "pg-hba-trust",
            Seen(cluster(postgresql={"pg_hba": ["", "host all all all trust"]})),
            "spec.postgresql.pg_hba[1]",
            "without a password",
            "warning",
        ),
        id="trust",
    ),
    pytest.param(
        Refused(
            "extensions",
            Seen(
                cluster(
                    postgresql={
                        "extensions": [{"name": one, "image": {"reference": "x:1"}} for one in ("pg_ivm", "pg-ivm")]
                    }
                )
            ),
            "spec.postgresql.extensions[1].name",
            "'_' and '-'",
        ),
        id="names that differ in '_' and '-' only",
    ),
    pytest.param(
        Refused(
            "extension-images",
            Seen(cluster(postgresql={"extensions": [{"name": "postgis"}]})),
            "spec.postgresql.extensions[0].image",
            "needs a reference",
        ),
        id="an extension without an image",
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

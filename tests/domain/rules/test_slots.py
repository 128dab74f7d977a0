from __future__ import annotations

import re

import pytest

from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import (
    IMAGE,
    LOGIC,
    Accepted,
    Refused,
    cluster,
    findings_against,
    findings_at_field,
    parameters,
)

ACCEPTED = [
    pytest.param(
        Accepted(
            "slot-patterns", Seen(cluster(replicationSlots={"synchronizeReplicas": {"excludePatterns": ["^tmp_"]}}))
        ),
        id="a pattern",
    ),
    *(
        pytest.param(
            Accepted(
                "slot-patterns", Seen(cluster(replicationSlots={"synchronizeReplicas": {"excludePatterns": [pattern]}}))
            ),
            id=f"the pattern {pattern}",
        )
        for pattern in (r"\pL+", r"a\z", "(?<n>a)", "x(?i)y", r"\\C")
    ),
    pytest.param(
        Accepted(
            "slot-patterns",
            Seen(
                cluster(
                    replicationSlots={
                        "highAvailability": {"enabled": False},
                        "synchronizeReplicas": {"enabled": False, "excludePatterns": ["("]},
                    }
                )
            ),
        ),
        id="a pattern that nobody reads",
    ),
    pytest.param(
        Accepted(
            "logical-slots",
            Seen(
                parameters(
                    spec={"replicationSlots": {"highAvailability": {"synchronizeLogicalDecoding": True}}},
                    hot_standby_feedback="ye",
                    sync_replication_slots="tru",
                )
            ),
        ),
        id="logical slots with prefixes of booleans",
    ),
    pytest.param(
        Accepted(
            "logical-slots",
            Seen(
                parameters(
                    spec={"replicationSlots": {"highAvailability": {"synchronizeLogicalDecoding": True}}}, **LOGIC
                )
            ),
        ),
        id="logical slots with what they need",
    ),
    pytest.param(
        Accepted(
            "slot-prefix-kept",
            Seen(cluster(replicationSlots={"highAvailability": {"slotPrefix": "_cnpg_"}}), cluster()),
        ),
        id="the default prefix, stated",
    ),
    pytest.param(
        Accepted(
            "slot-prefix-kept",
            Seen(
                cluster(replicationSlots={"highAvailability": {"slotPrefix": "_own_"}}),
                cluster(replicationSlots={"highAvailability": {"enabled": False}}),
            ),
        ),
        id="a prefix where slots were off",
    ),
]

REFUSED = [
    *(
        pytest.param(
            Refused(
                "slot-patterns",
                Seen(cluster(replicationSlots={"synchronizeReplicas": {"excludePatterns": [pattern]}})),
                "spec.replicationSlots.synchronizeReplicas.excludePatterns[0]",
                "not a regular expression",
            ),
            id=f"the pattern {pattern}",
        )
        for pattern in ("(?!tmp)", "a++", r"a\Z", r"(a)\1", "a{1001}", r"\C", r"\\\C")
    ),
    pytest.param(
        Refused(
            "slot-prefix-kept",
            Seen(cluster(replicationSlots={"highAvailability": {"slotPrefix": ""}}), cluster()),
            "spec.replicationSlots.highAvailability.slotPrefix",
            "keep '_cnpg_'",
        ),
        id="an empty prefix",
    ),
    pytest.param(
        Refused(
            "slot-patterns",
            Seen(cluster(replicationSlots={"synchronizeReplicas": {"excludePatterns": ["a", "(tmp"]}})),
            "spec.replicationSlots.synchronizeReplicas.excludePatterns[1]",
            "not a regular expression",
        ),
        id="a pattern that is not a regular expression",
    ),
    pytest.param(
        Refused(
            "logical-slots",
            Seen(
                cluster(
                    imageName=f"{IMAGE}:16.1",
                    replicationSlots={"highAvailability": {"synchronizeLogicalDecoding": True}},
                )
            ),
            "spec.replicationSlots.highAvailability.synchronizeLogicalDecoding",
            "needs PostgreSQL 17, and this is 16",
        ),
        id="logical slots on PostgreSQL 16",
    ),
    pytest.param(
        Refused(
            "logical-slots",
            Seen(
                parameters(
                    spec={"replicationSlots": {"highAvailability": {"synchronizeLogicalDecoding": True}}},
                    hot_standby_feedback="on",
                )
            ),
            "spec.postgresql.parameters.sync_replication_slots",
            "must be 'on'",
        ),
        id="logical slots that are not synchronized",
    ),
    pytest.param(
        Refused(
            "slot-prefix-kept",
            Seen(cluster(replicationSlots={"highAvailability": {"slotPrefix": "_own_"}}), cluster()),
            "spec.replicationSlots.highAvailability.slotPrefix",
            "keep '_cnpg_'",
        ),
        id="another prefix than the default",
    ),
    pytest.param(
        Refused(
            "slot-prefix-kept",
            Seen(cluster(), cluster(replicationSlots={"highAvailability": {"slotPrefix": "_own_"}})),
            "spec.replicationSlots.highAvailability.slotPrefix",
            "keep '_own_'",
        ),
        id="a prefix that goes",
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_good_slots_are_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_bad_slots_are_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)

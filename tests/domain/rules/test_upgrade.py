from __future__ import annotations

import re
from typing import Any

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Seen, Severity, findings
from tests.domain.rules.examples import (
    Accepted,
    Refused,
    cluster,
    database,
    findings_against,
    findings_at_field,
    made,
    publication,
)

OWN = "registry.example.com/cloudnative-pg/postgresql"
KEPT = "spec.postgresql.parameters.max_slot_wal_keep_size"


def at_tag(tag: str, image: str = OWN, **spec: Any) -> Object:
    return cluster(imageName=f"{image}:{tag}", **spec)


def keeping(tag: str, size: str = "10GB") -> Object:
    return at_tag(tag, postgresql={"parameters": {"max_slot_wal_keep_size": size}})


def catalog(tag: str, kind: str = "ImageCatalog") -> Object:
    return made(kind, "team", {"images": [{"major": 17, "image": f"{OWN}:{tag}"}]})


def mounting(name: str, reference: str, tag: str = "18.1-minimal-trixie") -> Object:
    return at_tag(tag, postgresql={"extensions": [{"name": name, "image": {"reference": reference}}]})


def changed(rule: str, new: Object, old: Object, says: str, field: str = "spec.imageName", **seen: Any) -> Refused:
    severity: Severity = seen.pop("severity", "warning")
    return Refused(rule, Seen(new, old, **seen), field, says, severity)


SHOP = database(extensions=[{"name": "vector"}, {"name": "pg_trgm"}])
OLD = database(extensions=[{"name": "adminpack"}])
MAP = database(extensions=[{"name": "postgis"}])
LOGICAL: Object = {"highAvailability": {"synchronizeLogicalDecoding": True}}

ACCEPTED = [
    pytest.param(
        Accepted("image-flavour", Seen(at_tag("17.6-standard-trixie"), at_tag("17.5-standard-trixie"))),
        id="a minor version of the same image",
    ),
    pytest.param(
        Accepted("image-flavour", Seen(at_tag("18.1-standard-trixie"), at_tag("17.5-standard-trixie"))),
        id="another major on the same distribution",
    ),
    pytest.param(
        Accepted("image-flavour", Seen(at_tag("18.1"), at_tag("17.5"))), id="tags that say nothing of a distribution"
    ),
    pytest.param(
        Accepted("catalog-flavour", Seen(catalog("17.6-standard-trixie"), catalog("17.5-standard-trixie"))),
        id="a minor version in a catalog",
    ),
    *(
        pytest.param(Accepted("upgrade-slots", Seen(new, old)), id=f"slots that {what}")
        for what, new, old in (
            ("keep all", keeping("17.5-standard-trixie", "-1"), keeping("16.9-standard-trixie")),
            ("are no trouble since 17.6", keeping("17.6-standard-trixie"), keeping("16.9-standard-trixie")),
            ("are no trouble in 18", keeping("18.1-standard-trixie"), keeping("17.5-standard-trixie")),
            ("stay in 17", keeping("17.5-standard-trixie"), keeping("17.4-standard-trixie")),
        )
    ),
    pytest.param(
        Accepted("upgrade-logical", Seen(at_tag("18.1"), at_tag("17.5"), neighbours=(SHOP,))), id="nothing published"
    ),
    pytest.param(
        Accepted("upgrade-logical", Seen(at_tag("17.6"), at_tag("17.5"), neighbours=(publication(),))),
        id="a minor version with subscribers",
    ),
    pytest.param(
        Accepted(
            "image-extensions", Seen(at_tag("17.6-minimal-trixie"), at_tag("17.6-minimal-trixie"), neighbours=(SHOP,))
        ),
        id="the same image as before",
    ),
    pytest.param(
        Accepted("image-extensions", Seen(at_tag("17.6-standard-trixie"), neighbours=(SHOP,))), id="what standard has"
    ),
    pytest.param(
        Accepted("image-extensions", Seen(at_tag("17.6", "example/pg"), neighbours=(SHOP,))), id="an image of others"
    ),
    pytest.param(
        Accepted(
            "image-extensions", Seen(mounting("pgvector", "example/pgvector:0.8.1-18-trixie"), neighbours=(SHOP,))
        ),
        id="one in a volume",
    ),
    pytest.param(
        Accepted(
            "database-extensions",
            Seen(MAP, neighbours=(at_tag("17-3.5-system-trixie", "example/cloudnative-pg/postgis"),)),
        ),
        id="PostGIS in its image",
    ),
    pytest.param(
        Accepted("database-extensions", Seen(SHOP, SHOP, neighbours=(at_tag("17.6-minimal-trixie"),))),
        id="what the database had before",
    ),
    pytest.param(Accepted("database-extensions", Seen(SHOP)), id="a Cluster that is not seen"),
    pytest.param(
        Accepted(
            "image-libraries", Seen(at_tag("17.6-standard-trixie", postgresql={"parameters": {"pgaudit.log": "all"}}))
        ),
        id="what standard loads",
    ),
    pytest.param(
        Accepted("extension-volumes", Seen(mounting("pgvector", "example/pgvector:0.8.1-18-trixie"))),
        id="a volume of the same major and distribution",
    ),
    pytest.param(
        Accepted("extension-volumes", Seen(mounting("own", "example/own:1.2"))), id="a volume whose tag says nothing"
    ),
]

REFUSED = [
    pytest.param(
        changed(
            "image-flavour",
            at_tag("17.6-standard-bookworm"),
            at_tag("17.5-standard-trixie"),
            "trixie to bookworm.*keep trixie",
        ),
        id="another distribution",
    ),
    *(
        pytest.param(
            changed(
                "image-flavour",
                at_tag(new),
                at_tag("16.9-standard-bookworm"),
                "with another major.*keep bookworm",
                severity="error",
            ),
            id=f"another major and {new}",
        )
        for new in ("17.6-standard-trixie", "17.6-alpine3.22", "17.6-ubi9")
    ),
    pytest.param(
        changed("image-flavour", at_tag("17.6"), at_tag("16.9-standard-bookworm"), "says bookworm on one side alone"),
        id="another major, and a distribution that is not said",
    ),
    pytest.param(
        changed(
            "image-flavour",
            at_tag("17.6-minimal-trixie"),
            at_tag("17.5-standard-trixie"),
            "from the standard image.*keep -standard-",
        ),
        id="an image with less in it",
    ),
    pytest.param(
        changed(
            "catalog-flavour",
            catalog("17.6-standard-trixie", "ClusterImageCatalog"),
            catalog("17.5-standard-bookworm", "ClusterImageCatalog"),
            "bookworm to trixie.*keep bookworm",
            "spec.images[0].image",
        ),
        id="another distribution in a catalog",
    ),
    pytest.param(
        changed(
            "upgrade-slots",
            keeping("17.5-standard-trixie"),
            keeping("16.9-standard-trixie"),
            "set it to '-1' first",
            KEPT,
            severity="error",
        ),
        id="slots before 17.6",
    ),
    pytest.param(
        changed(
            "upgrade-slots", keeping("17-standard-trixie"), keeping("16.9-standard-trixie"), "it does not say", KEPT
        ),
        id="slots, and a tag that moves",
    ),
    pytest.param(
        changed(
            "upgrade-logical",
            at_tag("17.6"),
            at_tag("16.9"),
            r"recreated \(Publication orders-all\)",
            neighbours=(publication(),),
        ),
        id="subscribers before 17",
    ),
    pytest.param(
        changed(
            "upgrade-logical",
            at_tag("18.1", replicationSlots=LOGICAL),
            at_tag("17.5", replicationSlots=LOGICAL),
            "until subscribers have read all",
        ),
        id="logical slots since 17",
    ),
    pytest.param(
        changed(
            "image-extensions",
            at_tag("17.6-minimal-trixie"),
            at_tag("17.6-standard-trixie"),
            "Database orders-shop: vector is not in",
            neighbours=(SHOP,),
        ),
        id="an image without an extension that a database has",
    ),
    pytest.param(
        changed(
            "image-extensions",
            at_tag("17.6-standard-trixie"),
            at_tag("16.9-standard-trixie"),
            "PostgreSQL 17 took adminpack away",
            neighbours=(OLD,),
        ),
        id="a major without it",
    ),
    pytest.param(
        changed(
            "database-extensions",
            MAP,
            database(),
            "postgis is not in .*spec.postgresql.extensions",
            "spec.extensions[0].name",
            neighbours=(at_tag("17.6-standard-trixie"),),
        ),
        id="an extension that the image has not",
    ),
    pytest.param(
        Refused(
            "image-libraries",
            Seen(at_tag("17.6-minimal-trixie", postgresql={"parameters": {"pgaudit.log": "all"}})),
            "spec.imageName",
            "has no pgaudit.*standard image",
        ),
        id="a library that the image has not",
    ),
    pytest.param(
        Refused(
            "extension-volumes",
            Seen(mounting("pgvector", "example/pgvector:0.8.1-17-trixie")),
            "spec.postgresql.extensions[0].image.reference",
            "for PostgreSQL 17 by its tag, and 18 runs",
            "warning",
        ),
        id="a volume of another major",
    ),
    pytest.param(
        Refused(
            "extension-volumes",
            Seen(mounting("pgvector", "example/pgvector:0.8.1-18-bookworm")),
            "spec.postgresql.extensions[0].image.reference",
            "is for bookworm by its tag",
            "warning",
        ),
        id="a volume of another distribution",
    ),
    pytest.param(
        Refused(
            "extension-volumes",
            Seen(mounting("pgvector", "example/pgvector:0.8.1", "17.6-minimal-trixie")),
            "spec.postgresql.extensions[0]",
            "18 or newer does",
            "warning",
        ),
        id="a volume before 18",
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_an_image_that_fits_what_is_there_is_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("major", [{"x": 1}, ["y"]])
def test_a_catalog_of_another_shape_is_no_obstacle(major: object) -> None:
    before, after = (
        made("ImageCatalog", "team", {"images": [{"major": major, "image": f"{OWN}:{tag}"}]})
        for tag in ("17.4", "17.5")
    )
    assert [one.rule for one in findings(Seen(after, before)) if one.rule == "catalog-flavour"] == []


@pytest.mark.parametrize("example", REFUSED)
def test_what_another_image_breaks_is_found_with_what_would_work(example: Refused) -> None:
    (finding,) = [one for one in findings_at_field(example) if re.search(example.says, one.message)]
    assert finding.severity == example.severity

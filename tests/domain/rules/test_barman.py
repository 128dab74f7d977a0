from __future__ import annotations

import re
from typing import Any

import pytest

from gitops_mcp.domain.cnpg.releases import Release
from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import NEWEST, STORE, Accepted, Refused, cluster, findings_against, findings_at_field

KEY = {"name": "store", "key": "k"}


def store(operator: Release | None = NEWEST, /, **given: Any) -> Seen:
    return Seen(cluster(backup={"barmanObjectStore": {"destinationPath": "s3://backups", **given}}), operator=operator)


ACCEPTED = [
    pytest.param(Accepted("barman-credentials", Seen(cluster(backup=STORE))), id="the role of the pod"),
    pytest.param(
        Accepted(
            "barman-credentials",
            Seen(cluster(externalClusters=[{"name": "a", "barmanObjectStore": {"destinationPath": "s3://b"}}])),
        ),
        id="a store to read from, at which the webhook does not look",
    ),
    *(
        pytest.param(Accepted("barman-s3", store(s3Credentials=given)), id=f"S3 by {', '.join(given)}")
        for given in ({"accessKeyId": KEY, "secretAccessKey": KEY, "region": KEY}, {"inheritFromIAMRole": True})
    ),
    *(
        pytest.param(Accepted("barman-azure", store(azureCredentials=given)), id=f"Azure by {', '.join(given)}")
        for given in (
            {"connectionString": KEY},
            {"storageAccount": KEY, "storageKey": KEY},
            {"storageAccount": KEY, "storageSasToken": KEY},
            {"inheritFromAzureAD": True},
            {"storageAccount": KEY, "useDefaultAzureCredentials": True},
        )
    ),
    pytest.param(
        Accepted("barman-azure", store((1, 28, 0), azureCredentials={"storageKey": KEY})),
        id="Azure by a key alone, of an older operator",
    ),
    *(
        pytest.param(Accepted("barman-google", store(googleCredentials=given)), id=f"Google by {', '.join(given)}")
        for given in ({"applicationCredentials": KEY}, {"gkeEnvironment": True})
    ),
]

REFUSED = [
    pytest.param(
        Refused("barman-credentials", store(), "spec.backup.barmanObjectStore", "has no credentials: exactly one of"),
        id="a path alone",
    ),
    pytest.param(
        Refused(
            "barman-credentials",
            store(s3Credentials={"inheritFromIAMRole": True}, googleCredentials={"gkeEnvironment": True}),
            "spec.backup.barmanObjectStore.googleCredentials",
            "excludes s3Credentials",
        ),
        id="two providers",
    ),
    *(
        pytest.param(
            Refused(f"barman-{kind}", store(**{name: given}), f"spec.backup.barmanObjectStore.{name}{field}", says),
            id=f"{name} {given}",
        )
        for kind, name, given, field, says in (
            ("s3", "s3Credentials", {}, "", "has no way of logging in"),
            ("s3", "s3Credentials", {"region": KEY}, "", "has no way of logging in"),
            ("s3", "s3Credentials", {"inheritFromIAMRole": False}, "", "has no way of logging in"),
            ("s3", "s3Credentials", {"accessKeyId": KEY}, "", "accessKeyId alone"),
            (
                "s3",
                "s3Credentials",
                {"accessKeyId": KEY, "secretAccessKey": KEY, "inheritFromIAMRole": True},
                ".inheritFromIAMRole",
                "excludes accessKeyId and secretAccessKey",
            ),
            ("azure", "azureCredentials", {}, "", "has no way of logging in"),
            ("azure", "azureCredentials", {"storageAccount": KEY}, "", "has no way of logging in"),
            ("azure", "azureCredentials", {"storageKey": KEY}, ".storageAccount", "is needed beside storageKey"),
            (
                "azure",
                "azureCredentials",
                {"storageAccount": KEY, "storageKey": KEY, "inheritFromAzureAD": True},
                "",
                "inheritFromAzureAD and storageKey exclude each other",
            ),
            (
                "azure",
                "azureCredentials",
                {"connectionString": KEY, "inheritFromAzureAD": True},
                ".connectionString",
                "excludes inheritFromAzureAD",
            ),
            (
                "azure",
                "azureCredentials",
                {"connectionString": KEY, "storageAccount": KEY},
                ".connectionString",
                "excludes storageAccount",
            ),
            ("google", "googleCredentials", {}, "", "has no way of logging in"),
            (
                "google",
                "googleCredentials",
                {"applicationCredentials": KEY, "gkeEnvironment": True},
                ".gkeEnvironment",
                "excludes applicationCredentials",
            ),
        )
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_good_credentials_are_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_bad_credentials_are_found_at_their_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)

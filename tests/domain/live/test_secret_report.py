from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.live.secret_report import judge_secret, report_of_secret
from gitops_mcp.domain.objects import Object


def sealed(status: str, message: str | None = None, *, observed: int = 3) -> Object:
    condition = {"type": "Synced", "status": status, **({"message": message} if message else {})}
    return {
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": {"name": "db-reader-password", "namespace": "shop", "generation": 3},
        "status": {"conditions": [condition], "observedGeneration": observed},
    }


def external(status: str, reason: str, message: str, **more: Any) -> Object:
    condition = {"type": "Ready", "status": status, "reason": reason, "message": message}
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": "db-reader-password", "namespace": "shop", "generation": 1},
        "spec": {"target": {"name": "db-reader-password"}},
        "status": {"conditions": [condition], **more},
    }


UNSEALED = (
    "SealedSecret shop/db-reader-password does not make Secret db-reader-password as it says, and it is not tried again "
    "by itself, only once it changes or its controller starts anew; its controller says (untrusted text): "
)
UNSYNCED = "ExternalSecret shop/db-reader-password does not make Secret db-reader-password as it says, and it is"


@pytest.mark.parametrize(
    ("live", "well", "told"),
    [
        pytest.param(
            sealed("True"),
            True,
            "Secret db-reader-password is as SealedSecret shop/db-reader-password says it",
            id="opened",
        ),
        pytest.param(
            sealed("False", "no key could decrypt secret (password, username)"),
            None,
            f"{UNSEALED}no key could decrypt secret (password, username)",
            id="sealed for another key",
        ),
        pytest.param(
            sealed("False", "no key could decrypt secret (username)\nillegal base64 data at input byte 3 (password)"),
            None,
            f"{UNSEALED}no key could decrypt secret (username) illegal base64 data at input byte 3 (password)",
            id="two faults on one line",
        ),
        pytest.param(
            sealed("True", observed=2),
            False,
            "the controller has not looked at SealedSecret shop/db-reader-password yet as it is now",
            id="a word on what it was before",
        ),
        pytest.param(
            external("True", "SecretSynced", "secret synced"),
            True,
            "Secret db-reader-password is as ExternalSecret shop/db-reader-password says it",
            id="synced",
        ),
        pytest.param(
            external("False", "SecretSyncedError", "could not get secret data from provider"),
            False,
            f"{UNSYNCED} tried again; its controller says (untrusted text): could not get secret data from provider",
            id="no generator yet",
        ),
        pytest.param(
            external("False", "SecretSyncedError", "target is owned by another ExternalSecret"),
            None,
            f"{UNSYNCED} not tried again by itself; its controller says (untrusted text): target is owned by another "
            f"ExternalSecret",
            id="another one's",
        ),
        pytest.param(
            {key: part for key, part in external("", "", "").items() if key != "status"},
            False,
            "the controller has not looked at ExternalSecret shop/db-reader-password yet as it is now",
            id="no status",
        ),
    ],
)
def test_a_secret_has_come_where_its_controller_says_so_of_the_object_as_it_is(
    live: Object, well: bool | None, told: str
) -> None:
    assert judge_secret(live) == (well, told)


def test_of_an_external_secret_the_event_says_why() -> None:
    live = external("False", "SecretSyncedError", "could not update secret")
    events: list[Object] = [{"type": "Normal", "message": "secret created"}, {"type": "Warning", "message": "no key"}]
    assert report_of_secret(live, events).told.endswith("(untrusted text): could not update secret; no key")


def test_a_controllers_words_are_bounded_and_without_what_looks_like_a_secret() -> None:
    told = report_of_secret(sealed("False", f"password: hunter2 {'x' * 2000}")).told
    assert "hunter2" not in told
    assert len(told) < 1000


def test_one_that_is_deleted_is_not_well() -> None:
    going = sealed("True")
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert judge_secret(going) == (False, "it is being deleted")

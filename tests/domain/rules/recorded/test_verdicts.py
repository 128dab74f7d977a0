"""Every recorded verdict of a real API server and operator, judged as the product judges it."""

from __future__ import annotations

from gitops_mcp.domain.cnpg.defaults import fill_webhook_defaults
from gitops_mcp.domain.objects import Object
from tests.domain.rules.recorded.rows import FOLDER, MAIN, Row, fault_of, judge_row, schema_of, verdicts

WRONG = frozenset((FOLDER / "wrong.txt").read_text().split())
"""Rows that are judged otherwise than the server did, to be mended."""
WRONG_WITHOUT_THE_API: frozenset[str] = frozenset()
"""Rows that hang on what is live."""


def live_of(row: Row) -> Object | None:
    """What the server had stored, with its defaults and what the operator wrote into the status."""
    return None if row.old is None else fill_webhook_defaults(schema_of(row.old).fill(row.old), operator=MAIN)


def wrong_rows(*, is_live_known: bool) -> dict[str, str]:
    judged = {row: judge_row(row, live=live_of(row) if is_live_known else None) for row in verdicts()}
    return {row.id: text for row, one in judged.items() if (text := fault_of(row, one)) is not None}


def test_every_verdict_is_the_servers() -> None:
    wrong = wrong_rows(is_live_known=True)
    assert wrong.keys() == WRONG, [f"{key}: {text}" for key, text in wrong.items() if key not in WRONG] + sorted(
        WRONG - wrong.keys()
    )


def test_without_the_api_only_what_hangs_on_the_live_object_differs() -> None:
    wrong = wrong_rows(is_live_known=False)
    known = WRONG | WRONG_WITHOUT_THE_API
    assert wrong.keys() == known, [f"{key}: {text}" for key, text in wrong.items() if key not in known] + sorted(
        known - wrong.keys()
    )

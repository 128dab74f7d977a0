"""A merge request by the push alone: what is sent, what a push prints, and a remote that takes no options."""

from __future__ import annotations

import pytest

from gitops_mcp.adapters.forge.place import ForgePlace
from gitops_mcp.adapters.forge.push_options import (
    MOST_BYTES,
    PrintedPull,
    body_room,
    printed_fault,
    printed_pull,
    push_options,
)
from tests.adapters.forge.conftest import new

PLACE = ForgePlace(
    "gitlab", "https://git.example.com", "https://git.example.com/api/v4", "platform/fleet", "platform/fleet", "main"
)
FORK = ForgePlace(
    "gitlab", "https://git.example.com", "https://git.example.com/api/v4", "platform/fleet", "jane/fleet", "main"
)


def test_all_that_options_can_say_is_said_on_one_line_each() -> None:
    wanted = new("gitops-mcp/one", title="Scale\norders", body="Why.\n\nBecause.\n", draft=True, labels=("a b", "c"))
    assert push_options(wanted, PLACE).values == (
        "merge_request.create",
        "merge_request.target=main",
        "merge_request.title=Scale orders",
        "merge_request.draft",
        "merge_request.label=a b",
        "merge_request.label=c",
        "merge_request.description=Why.\\n\\nBecause.",
    )
    assert push_options(wanted, PLACE).unmet == ()


def test_from_a_fork_the_project_is_named() -> None:
    assert "merge_request.target_project=platform/fleet" in push_options(new(), FORK).values


@pytest.mark.parametrize("body", ["a \\n b", "\\\\n", "C:\\new\\names", "one\\\nnext"])
def test_a_backslash_before_an_n_does_not_become_a_line_break(body: str) -> None:
    (option,) = (one for one in push_options(new(body=body), PLACE).values if "description" in one)
    as_gitlab_reads_it = option.partition("=")[2].replace("\\n", "\n")
    assert as_gitlab_reads_it.replace("\u200b", "") == body


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\u2028", "\v"])
def test_no_option_holds_a_line_break_of_any_kind(ending: str) -> None:
    options = push_options(new(title=f"a{ending}b", body=f"a{ending}b", labels=("x",)), PLACE).values
    assert [len(one.splitlines()) for one in options] == [1] * 5


def test_reviewers_are_told_as_what_options_cannot_ask() -> None:
    (told,) = push_options(new(reviewers=("jane", "joe")), PLACE).unmet
    assert told == "push options cannot ask reviewers (jane, joe): a token with scope api can"


@pytest.mark.parametrize("letter", ["x", "\u00e9", "\n"])
def test_all_options_together_stay_below_the_bound(letter: str) -> None:
    room = body_room(new(), PLACE)
    fits = f"x{letter * ((room - 2) // (2 if letter != 'x' else 1))}x"
    kept = push_options(new(body=fits), PLACE)
    assert kept.unmet == ()
    assert MOST_BYTES - 10 < sum(len(one.encode()) + 1 for one in kept.values) <= MOST_BYTES
    cut = push_options(new(body=f"x{letter * 300_000}x"), PLACE)
    assert not any("description" in one for one in cut.values)
    assert cut.unmet == (
        "the description is too long for push options, so the merge request has none: a token with scope api can write it",
    )


def test_labels_that_leave_no_room_are_left_out_and_told() -> None:
    labels = tuple(f"team-{number}-{'x' * 80}" for number in range(1000))
    cut = push_options(new(body="Why.", labels=labels), PLACE)
    assert sum(len(one.encode()) + 1 for one in cut.values) <= MOST_BYTES
    given = [one for one in cut.values if one.startswith("merge_request.label=")]
    assert 0 < len(given) < 1000
    assert cut.unmet == (
        f"push options had no room for {1000 - len(given)} of 1000 labels: a token with scope api can set them",
    )
    assert "merge_request.description=Why." in cut.values


MADE = """
View merge request for other:
  https://gitlab.example.com/platform/fleet/-/merge_requests/6

View merge request for gitops-mcp/one:
  https://gitlab.example.com/platform/fleet/-/merge_requests/7
"""
PAGE = """
To create a merge request for gitops-mcp/one, visit:
  https://gitlab.example.com/platform/fleet/-/merge_requests/new?merge_request%5Bsource_branch%5D=gitops-mcp%2Fone
"""
BOX = """
========================================================================

    WARNINGS:

    Error encountered with push options 'merge_request.create'
    'merge_request.target=x': Target branch
    platform/fleet:x does not exist

========================================================================

To create a merge request for gitops-mcp/one, visit:
"""
VISIT = """
Visit the existing pull request:
  https://forge.example.com/platform/gitops/pulls/12 merges into main
"""


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (MADE, PrintedPull(7, "https://gitlab.example.com/platform/fleet/-/merge_requests/7")),
        (VISIT, PrintedPull(12, "https://forge.example.com/platform/gitops/pulls/12")),
        (PAGE, None),
        (BOX, None),
        ("", None),
    ],
)
def test_only_an_address_with_a_number_is_a_pull_request(said: str, found: PrintedPull | None) -> None:
    assert printed_pull(said, "gitops-mcp/one") == found


def test_the_reason_of_a_failure_is_read_from_its_box() -> None:
    assert printed_fault(BOX) == "Target branch platform/fleet:x does not exist"
    assert printed_fault(MADE) is None

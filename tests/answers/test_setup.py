from __future__ import annotations

from gitops_mcp.answers.base import TEXT_MAX, shorten_to_fit
from gitops_mcp.answers.setup import CheckRow, SetupReport, State


def line(state: State, found: str, *, environment: str | None = None, mend: str | None = None) -> CheckRow:
    return CheckRow(subject="kubernetes", check="API", environment=environment, state=state, found=found, mend=mend)


def test_findings_come_first_with_their_mends_and_what_is_ok_by_subject() -> None:
    git = CheckRow(subject="git", check="push", state="fail", found="<b>refused</b>", mend="git push `x`")
    report = SetupReport.of([line("ok", "answers", environment="dev"), line("warn", "slow", environment="prod"), git])
    assert report.markdown() == (
        "3 checks: 1 failed, 1 with a warning, 1 ok\n\n"
        "## Does not work\n\n- git, push: \\<b>refused\\</b>. Mend: `` git push `x` ``\n\n"
        "## Warnings\n\n- kubernetes, prod: API: slow\n\n"
        "## Kubernetes: ok\n\n- dev: API: answers"
    )


def test_what_is_the_same_in_several_environments_is_one_line() -> None:
    rows = [line("fail", "refused", environment=name, mend="log in") for name in ("dev", "prod")]
    report = SetupReport.of([*rows, line("fail", "refused", environment="other", mend="look")])
    assert [(row.environment, row.mend) for row in report.items] == [("dev, prod", "log in"), ("other", "look")]
    assert report.fail == 2


def test_a_long_report_is_cut_and_says_how_much_and_where_all_is() -> None:
    report = SetupReport.of([line("warn", f"{number} {'x' * 900}") for number in range(60)])
    short = shorten_to_fit(report, "items")
    assert len(short.markdown()) <= TEXT_MAX
    assert short.markdown().endswith(f"({short.omitted['items']} more lines; `gitops-mcp doctor` prints all)")
    assert (short.warn, len(short.items) + short.omitted["items"]) == (60, 60)

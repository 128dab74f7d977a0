"""One check, its rows, and checks side by side: each ends in time, and what hangs is told while others answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial

from gitops_mcp.adapters.in_time import in_time
from gitops_mcp.answers.setup import CheckRow, State, Subject
from gitops_mcp.caller import CallEnd, call_until
from gitops_mcp.errors import GitOpsError

REACH = "run kubectl get --raw /version with the same KUBECONFIG and context; log in again where it says 401"
"""What mends an API that does not answer."""
SECONDS = 30.0
"""For one check; git and the API have shorter times of their own."""


@dataclass(frozen=True)
class Check:
    """What it is about, and what looks; a row that it cannot give is a failure with its reason."""

    subject: Subject
    name: str
    look: Callable[[], Iterable[CheckRow]]
    mend: str
    """Where it fails as a whole."""
    environment: str | None = None
    state: State = "fail"
    """How bad that is."""

    def row(self, state: State, found: object, mend: str | None = None, *, name: str = "") -> CheckRow:
        return CheckRow(
            subject=self.subject,
            check=name or self.name,
            environment=self.environment,
            state=state,
            found=str(found),
            mend=mend,
        )

    def rows(self, seconds: float = SECONDS) -> list[CheckRow]:
        """Those that came in time. What runs on beyond is told to end."""
        found: list[CheckRow] = []
        over = CallEnd()

        def work() -> None:
            with call_until(over):
                for row in self.look():
                    found.append(_with_environment(row, self.environment))  # noqa: PERF401 - the next one may hang

        try:
            in_time(seconds, partial(copy_context().run, work), writes=False)
        except TimeoutError:
            return [*found, self.row("fail", f"it did not end within {seconds:g} s and was given up", self.mend)]
        except GitOpsError as error:
            return [*found, self.row(self.state, error, self.mend)]
        finally:
            over.set()
        return found


def _with_environment(row: CheckRow, environment: str | None) -> CheckRow:
    return row.model_copy(update={"environment": environment}) if environment else row


def rows_side_by_side(checks: Iterable[Check], seconds: float = SECONDS) -> Iterator[CheckRow]:
    """In the order of the checks, whichever ends first."""
    asked = list(checks)
    with ThreadPoolExecutor(max(len(asked), 1)) as pool:
        ran = [pool.submit(copy_context().run, one.rows, seconds) for one in asked]
    for one in ran:
        yield from one.result()


def row(subject: Subject, name: str, state: State, found: object, mend: str | None = None) -> CheckRow:
    return CheckRow(subject=subject, check=name, state=state, found=str(found), mend=mend)

"""The errors that callers can act on.

    GitOpsError
    ├── InvalidRequest    change the request
    ├── NotFound          name another thing
    │   └── NotInstalled  the API does not serve this kind
    ├── Refused           a rule, a right or a person is in the way
    │   └── Forbidden     the API answered 403
    └── Unavailable       try again later, or repair what is named
        ├── NotYet        the other side needs a while after what was done; the same call again finishes it
        ├── RateLimited   the other side takes no more requests for a while, which it may name
        ├── MayArrive     it is not known whether it was done, and it may be done yet
        └── Raced         another writer was faster; the one road for writes tries again
            └── NotSeen   the remote has another value than a fetch has just seen

A message says what was asked, what was found and what would work. One class for each different thing
a caller would do next; anything else that is raised is a fault of ours and is shown as such.
"""

from __future__ import annotations

from typing import Self


class GitOpsError(Exception):
    """What a tool answers as `<title>: <message>` with `isError`."""

    title = "Error"

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""

    def with_text(self, text: str) -> Self:
        """The same error in other words, whatever else it was made of."""
        made = type(self).__new__(type(self), text)
        vars(made).update(vars(self))
        return made


class InvalidRequest(GitOpsError):
    title = "InvalidRequest"


class NotFound(GitOpsError):
    title = "NotFound"


class NotInstalled(NotFound):
    """The API server does not serve this kind: its CRD is not installed."""


class Refused(GitOpsError):
    title = "Refused"


class Forbidden(Refused):
    """403: what may not be read is named in the answer, and the rest still answers."""


class Unavailable(GitOpsError):
    title = "Unavailable"


class NotYet(Unavailable):
    """What came before it stays done."""


class RateLimited(Unavailable):
    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds
        """How long it asks to wait."""


class MayArrive(Unavailable):
    """Nothing that it needs may be taken back."""

    again = "the same request again does what is missing"

    def __str__(self) -> str:
        return f"{super().__str__()}, and {self.again}" if self.again else super().__str__()

    def with_text(self, text: str) -> Self:
        """What to do again is told in its words already."""
        made = super().with_text(text)
        made.again = ""
        return made


class Raced(Unavailable):
    """The compare-and-swap of a branch, or of an object by its resourceVersion, found another value than expected."""


class NotSeen(Raced):
    """Twice at the same value it is no race: what is pushed to is not what is fetched from."""

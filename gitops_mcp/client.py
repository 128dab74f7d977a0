"""The client of one call: who hears how far it is, and through whom a person is asked.

A question is asked in both eras of the protocol. In the older one the server asks in the middle of the call, and the
call waits. In the newer one the call ends with the question, and the client repeats it with the answer and a state
that the SDK has sealed and bound to the tool and its arguments; here it is bound further, to the question as it was
put, to what was judged of the objects, and to one use. What has changed since a question was put is said with the next.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import secrets
import threading
import time
from asyncio import CancelledError
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import anyio
from anyio import from_thread
from mcp import MCPError
from mcp.server import ServerRequestContext
from mcp.types import CallToolRequestParams, ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from pydantic import BaseModel

from gitops_mcp.answers.markdown import without_surrogates
from gitops_mcp.caller import CallEnd, call_until, check_wanted
from gitops_mcp.domain.access.identity import IDENTITY, Identity
from gitops_mcp.domain.names import one_line
from gitops_mcp.errors import Refused

SECONDS = 120.0
"""How long an answer is taken."""
_KEY = "consent"
_NAMED = 5
"""Of what has changed; what is more is counted."""
_NEWER = "2026-07-28"
_FORM = {
    "type": "object",
    "properties": {"agree": {"type": "boolean", "description": "true: do it; false: leave everything as it is"}},
    "required": ["agree"],
}
"""What the person fills in."""
_Judged = Mapping[str, Mapping[str, str]]
"""By what is done, and the name of a part of what was judged of it, the digest of that part."""


class _State(BaseModel):
    """What a round leaves for the next."""

    digest: str
    """Of the question, and of what it is about."""
    token: str
    about: _Judged


class Asking(Exception):
    """The call ends here with a question; it is repeated with the answer."""

    def __init__(self, result: InputRequiredResult) -> None:
        super().__init__("a person is asked")
        self.result = result


class UsedAnswers:
    """Answers that have been taken: each counts once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: dict[str, float] = {}

    def take(self, token: str) -> bool:
        now = time.monotonic()
        with self._lock:
            for old in [one for one, end in self._taken.items() if end < now]:
                del self._taken[old]
            if token in self._taken:
                return False
            self._taken[token] = now + 2 * SECONDS
            return True


class Client:
    """One call's client. Its methods are called from the worker thread that runs the tool."""

    def __init__(self, context: ServerRequestContext[Any], params: CallToolRequestParams, used: UsedAnswers) -> None:
        self._context = context
        self._params = params
        self._used = used
        self.identity = identity_of(context)
        self._over = CallEnd()
        self._question: anyio.CancelScope | None = None
        self._asked_about: _Judged | None = None
        """What the last question was about, in the older era."""
        self._agreed: str | None = None
        """What has been agreed to in this call, which may be tried several times."""

    @property
    def requester(self) -> str:
        """Who is signed in, else the user that the server runs as, and the client that speaks for them."""
        whose = user_name(os.getuid()) if self.identity is None else str(self.identity)
        return f"{whose} through {self._client or 'a client'}"

    @property
    def name(self) -> str | None:
        return self._client if self.identity is None else self.requester

    @property
    def _client(self) -> str | None:
        declared = self._context.session.client_params
        if declared is None:
            return None
        from gitops_mcp.domain.redact import redact_text

        return redact_text(one_line(f"{declared.client_info.name} {declared.client_info.version}"))[:80]

    @contextmanager
    def waits(self) -> Iterator[None]:
        """The block is the work of the call: once `leave` has been called, it ends with Cancelled."""
        with call_until(self._over):
            try:
                yield
            except (CancelledError, RuntimeError):
                # What was said to the client, or asked of it, after it had left.
                check_wanted()
                raise

    def leave(self) -> None:
        """Nobody waits for the answer any more. Called in the event loop."""
        self._over.set()
        if self._question is not None:
            self._question.cancel()

    def told(self, done: float, total: float, message: str) -> None:
        check_wanted()
        from_thread.run(self._context.session.report_progress, done, total, without_surrogates(message))

    def agree(self, question: str, *, about: Mapping[str, Mapping[str, object]], instead: str) -> bool:
        if why := self._cannot_ask():
            raise Refused(
                f"{question} A person has to say so, and {why}. Nothing was changed. A person would run: {instead}"
            )
        digests = {does: {name: _digest(value) for name, value in parts.items()} for does, parts in about.items()}
        digest = _digest([question, digests, *(self.identity.key if self.identity else ())])
        if digest == self._agreed:
            return False
        is_newer = self._context.protocol_version >= _NEWER
        if is_newer:
            self._answered(question, digest, digests)
        else:
            before, self._asked_about = self._asked_about, digests
            self._asked(_with_changes(question, before, digests))
        self._agreed = digest
        return not is_newer

    def _cannot_ask(self) -> str | None:
        """Why nobody can be asked."""
        if self._context.request is not None and self._context.protocol_version < _NEWER:
            spoken = self._context.protocol_version
            return f"over HTTP only a client that speaks MCP {_NEWER} or newer can ask one (this one speaks {spoken})"
        declared = self._context.session.client_capabilities
        elicitation = declared.elicitation if declared is not None else None
        if elicitation is not None and (elicitation.form is not None or elicitation.url is None):
            return None
        return "this client cannot ask one (it declared no elicitation)"

    def _asked(self, question: str) -> None:
        check_wanted()
        try:
            answer = from_thread.run(self._put, question)
        except MCPError as error:
            raise _not_agreed("the client answered the question with an error") from error
        except ValueError as error:
            raise _not_agreed("the answer could not be read") from error
        check_wanted()
        if answer is None:
            raise _not_agreed(f"nobody answered within {SECONDS:g} seconds")
        _require_yes(answer)

    async def _put(self, question: str) -> ElicitResult | None:
        """The answer; None where there is none in time."""
        with anyio.move_on_after(SECONDS) as self._question:
            return await self._context.session.elicit_form(
                without_surrogates(question), _FORM, self._context.request_id
            )
        return None

    def _answered(self, question: str, digest: str, about: _Judged) -> None:
        """Takes the answer to exactly this question, or ends the call with it."""
        state = _read_state(self._params.request_state)
        answer = (self._params.input_responses or {}).get(_KEY)
        if answer is None or state is None or state.digest != digest:
            asked = _with_changes(question, state.about if state else None, about)
            raise Asking(_question_result(asked, _State(digest=digest, token=secrets.token_hex(16), about=about)))
        if not self._used.take(state.token):
            raise _not_agreed("this answer has been used already, and counts once: ask again")
        _require_yes(answer)


def identity_of(context: ServerRequestContext[Any]) -> Identity | None:
    """Who was signed in before the request came here; over stdio nobody has to be."""
    found = getattr(context.request, "scope", {}).get(IDENTITY)
    return found if isinstance(found, Identity) else None


def user_name(uid: int) -> str:
    """By name; by number where the machine knows no such user, as in a container under any."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def _with_changes(question: str, before: _Judged | None, about: _Judged) -> str:
    """The question, with what is otherwise than when it was put before."""
    from gitops_mcp.domain.redact import words_of_others

    changed = [] if before is None else list(_changes(before, about))
    more = f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
    said = words_of_others(", ".join(changed[:_NAMED]) + more)
    return f"{question} You are asked again because this has changed meanwhile: {said}." if changed else question


def _changes(before: _Judged, about: _Judged) -> Iterator[str]:
    for does in dict.fromkeys([*before, *about]):
        if (was := before.get(does)) is None or (is_now := about.get(does)) is None:
            yield does
        else:
            yield from (name for name in dict.fromkeys([*was, *is_now]) if was.get(name) != is_now.get(name))


def _question_result(question: str, left: _State) -> InputRequiredResult:
    request = ElicitRequest(
        params=ElicitRequestFormParams(message=without_surrogates(question), requested_schema=_FORM)
    )
    return InputRequiredResult(input_requests={_KEY: request}, request_state=left.model_dump_json())


def _read_state(text: str | None) -> _State | None:
    """What a former round has left; the SDK has checked that it is ours, for this tool and its arguments, and fresh."""
    try:
        return _State.model_validate_json(text) if text else None
    except ValueError:
        return None


def readable_answers(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a call with an answer that the SDK can read: one that it cannot is no yes, and no error."""
    answers = params.get("inputResponses")
    if answers is None:
        return dict(params)
    answer = answers.get(_KEY) if isinstance(answers, dict) else ()
    try:
        read = None if answer is None else ElicitResult.model_validate(answer, by_name=False)
    except ValueError:
        read = ElicitResult(action="accept")
    return {**params, "inputResponses": {_KEY: read.model_dump(mode="json", exclude_none=True)} if read else {}}


def _require_yes(answer: object) -> None:
    said = answer.content or {} if isinstance(answer, ElicitResult) and answer.action == "accept" else None
    if said is None:
        is_no = isinstance(answer, ElicitResult) and answer.action == "decline"
        raise _not_agreed("the person said no" if is_no else "the person did not answer")
    if said.get("agree") is False:
        raise _not_agreed("the person said no")
    if said.get("agree") is not True:
        raise _not_agreed("the answer could not be read")


def _not_agreed(why: str) -> Refused:
    return Refused(f"{why}: nothing was changed")

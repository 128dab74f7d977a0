"""What a forge answered: JSON where it says so, its words of whatever shape, and our error for each way to say no.

Words of a forge are data: bounded, on one line, without the token that was sent.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from gitops_mcp.domain.redact import MASK, untrusted, words_of_others
from gitops_mcp.errors import Forbidden, GitOpsError, NotFound, RateLimited, Refused, Unavailable

_LIMITED = re.compile(r"rate limit|abuse detection|retry later|too many requests", re.IGNORECASE)
_MINUTE = 60.0


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Asked in lower case."""
    body: Any
    """None where it is no JSON."""
    said: str
    """Its own words about what is wrong, fit to be shown; empty for none."""
    kind: str
    """`text/html`: what it says that it is."""
    length: int


def parsed_answer(status: int, headers: Mapping[str, str], data: bytes, *, secret: str) -> Answer:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    body: Any = None
    if data and (kind.endswith(("/json", "+json"))):
        try:
            body = json.loads(data)
            kind = "null" if body is None else kind
        except (ValueError, RecursionError):
            body, kind = None, "JSON that cannot be read"
    said = ""
    if status >= 300:
        said = ", ".join(dict.fromkeys(filter(None, _texts(body)))) if body is not None else ""
        if not said and kind == "text/plain":
            said = data[:400].decode(errors="replace")
    said = said.replace(secret, MASK) if secret else said
    return Answer(
        status, headers, body, words_of_others(said, most=300), kind or "a body that does not say what it is", len(data)
    )


def _texts(body: Any, field: str = "") -> Iterator[str]:
    """A text, a list of them, a map of lists, or objects with code and field: each forge has several shapes."""
    if isinstance(body, str):
        yield f"{field} {body}".strip()
    elif isinstance(body, list):
        for part in body[:10]:
            yield from _texts(part, field)
    elif isinstance(body, dict) and "message" in body:
        yield from _texts(body["message"], field)
        yield from _texts(body.get("errors"))
    elif isinstance(body, dict) and (text := body.get("error_description") or body.get("error")):
        yield from _texts(text)
    elif isinstance(body, dict) and "code" in body:
        yield " ".join(str(word) for word in map(body.get, ("resource", "field", "code")) if word)
    elif isinstance(body, dict) and not field:
        for name, part in list(body.items())[:10]:
            yield from _texts(part, str(name))


def seconds_to_wait(answer: Answer) -> float | None:
    """How long a forge that limits the rate asks to wait; None: it does not limit it."""
    headers = answer.headers
    spent = headers.get("x-ratelimit-remaining") == "0"
    named = _LIMITED.search(answer.said) is not None
    if answer.status != 429 and not (answer.status == 403 and (spent or named or headers.get("retry-after"))):
        return None
    if (after := _seconds(headers.get("retry-after", ""))) is not None:
        return after
    reset = headers.get("x-ratelimit-reset") or headers.get("ratelimit-reset") or ""
    if reset.isdecimal() and (spent or headers.get("ratelimit-remaining") == "0"):
        return max(float(reset) - time.time(), 1.0)
    return _MINUTE


def _seconds(after: str) -> float | None:
    """Of a `Retry-After`: a number of them, or a date."""
    if after.isdecimal():
        return float(after)
    try:
        return max(parsedate_to_datetime(after).timestamp() - time.time(), 1.0)
    except ValueError:
        return None


_NOS: dict[int, tuple[type[GitOpsError], str]] = {
    401: (
        Refused,
        "it refused {who}, which is wrong, expired, revoked or for another host: make a new one, or take this one away",
    ),
    403: (Forbidden, "{who} may not do that"),
    404: (NotFound, "it is not there, or {who} may not see it"),
    **dict.fromkeys((405, 409, 410, 412, 423), (Refused, "it cannot be done now")),
}


def error_for(answer: Answer, *, about: str, who: str, api: str, moved_to: str | None) -> GitOpsError:
    """`about`: which forge was asked for what. `who`: whose credentials were sent."""
    said = f". It said: {untrusted(answer.said)}" if answer.said else ""
    if (wait := seconds_to_wait(answer)) is not None:
        return RateLimited(f"{about}: it limits the rate of {who}: ask again in {wait:.0f} s{said}", wait)
    if 300 <= answer.status < 400:
        return Unavailable(f"{about}: {_moved(answer, api, moved_to)}")
    if answer.status >= 500:
        return Unavailable(f"{about}: the forge has a fault of its own ({answer.status}): try again later{said}")
    kind, what = _NOS.get(answer.status, (Refused, "it was refused"))
    return kind(f"{about}: {what.format(who=who)} ({answer.status}){_what_would_do(answer)}{said}")


def _moved(answer: Answer, api: str, moved_to: str | None) -> str:
    target = urlsplit(answer.headers.get("location", ""))
    there = f"{target.scheme}://{target.hostname}" if target.hostname else api.partition("/api/")[0]
    place = words_of_others(f"{there}{target.path}", most=200)
    if target.hostname and target.hostname != urlsplit(api).hostname:
        return f"it redirects to another host, {place}, where the token is not sent: check forge.url and forge.api"
    new = words_of_others(moved_to or place, most=200)
    return (
        f"the repository was moved, now at {new}: the token is not sent on; set the remote to its new address "
        f"(git remote set-url)"
    )


def _what_would_do(answer: Answer) -> str:
    if sso := answer.headers.get("x-github-sso", ""):
        url = sso.partition("url=")[2].partition(";")[0]
        page = f": authorize it at {words_of_others(url, most=300)}" if url else ""
        return f" before it is authorized for single sign-on{page}"
    if needed := answer.headers.get("x-accepted-github-permissions"):
        return f"; the permissions that would do: {words_of_others(needed, most=200)}"
    lacking = _words(answer, "x-accepted-oauth-scopes") - _words(answer, "x-oauth-scopes")
    if lacking and "x-oauth-scopes" in answer.headers:
        return f"; the scopes that would do: {words_of_others(', '.join(sorted(lacking)), most=200)}"
    scope = answer.body.get("scope") if isinstance(answer.body, dict) else None
    if isinstance(scope, str) and scope:
        return f"; the scope that would do: {words_of_others(scope, most=100)}"
    return ""


def _words(answer: Answer, header: str) -> set[str]:
    return {word for one in answer.headers.get(header, "").split(",") if (word := one.strip())}


def at(body: Any, *keys: str) -> Any:
    """What stands at the end of the keys; None where something is missing or otherwise made."""
    for key in keys:
        body = body.get(key) if isinstance(body, dict) else None
    return body


def text_at(body: Any, *keys: str) -> str | None:
    found = at(body, *keys)
    return found if isinstance(found, str) and found else None


def name_at(body: Any, *keys: str) -> str | None:
    """Of a person, label or repository: an object that has one, or the name itself."""
    found = at(body, *keys)
    if isinstance(found, dict):
        found = next((found[key] for key in ("login", "username", "full_name", "name") if found.get(key)), None)
    return found if isinstance(found, str) and found else None


def names_in(body: Any, *keys: str) -> tuple[str, ...]:
    return tuple(filter(None, (name_at(one) for one in rows_in(at(body, *keys)))))


def rows_in(body: Any) -> list[Any]:
    return body if isinstance(body, list) else []

"""What a forge says no to, and what answers in its place: each its own error, with what would help, without the token."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from gitops_mcp.adapters.forge import wire
from gitops_mcp.adapters.forge.answers import parsed_answer
from gitops_mcp.adapters.forge.interface import Forge
from gitops_mcp.caller import CallEnd, Cancelled, call_until
from gitops_mcp.errors import Forbidden, GitOpsError, MayArrive, NotFound, RateLimited, Refused, Unavailable
from gitops_mcp.sandbox.forges.routing import Answer
from gitops_mcp.sandbox.forges.values import ForgeName
from tests.adapters.forge.conftest import EACH, VARIABLES, Met, new, open_at
from tests.fakes.full_listener import full_listener

JSON = "application/json"


@pytest.mark.parametrize("is_expired", [False, True])
@pytest.mark.few(2)
def test_a_token_that_is_wrong_or_expired_is_named(met: Met, *, is_expired: bool) -> None:
    token = met.served.forge.token("bot", expired=True) if is_expired else "planted-wrong-token"
    with pytest.raises(Refused, match=rf"it refused the token of {VARIABLES[met.kind]}, which is wrong") as raised:
        met.opened(token).open_pulls()
    assert token not in str(raised.value)


def test_a_repository_that_a_token_may_not_see_is_not_there(met: Met) -> None:
    with pytest.raises(NotFound, match=f"the token of {VARIABLES[met.kind]} may not see it"):
        met.opened(met.served.forge.token("stranger")).pull(1)


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        (
            ("X-Accepted-OAuth-Scopes: repo", "X-OAuth-Scopes: gist, read:org"),
            "(404); the scopes that would do: repo. ",
        ),
        (("X-Accepted-OAuth-Scopes: repo", "X-OAuth-Scopes: repo"), "(404). It said"),
        (("X-Accepted-OAuth-Scopes: repo",), "(404). It said"),
    ],
)
def test_the_scopes_that_a_token_lacks_are_told(headers: tuple[str, ...], told: str) -> None:
    with listening(answer(404, b'{"message": "Not Found"}', *headers)) as url, pytest.raises(NotFound) as raised:
        open_at("github", url, "planted-token").pull_of("change")
    assert (
        f"the pull request of change in platform/fleet: it is not there, or the token of GITHUB_TOKEN may not see it {told}"
        in str(raised.value)
    )


def test_a_renamed_repository_is_told_with_its_new_place_and_not_followed(met: Met) -> None:
    forge = met.opened()
    met.served.commit("change")
    met.served.forge.rename("platform/fleet-new")
    for ask in (lambda: forge.pull(1), lambda: forge.create(new())):
        with pytest.raises(Unavailable, match=r"the repository was moved, now at \S*platform/fleet-new\S*: .*set-url"):
            ask()
    assert met.served.forge.repository.pulls == {}


@contextmanager
def listening(sent: bytes, *, asked: list[bytes] | None = None, slowly: float = 0) -> Iterator[str]:
    """A host that answers every request with these bytes, or byte after byte, and hangs up."""
    over = threading.Event()

    def served(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            got = connection.recv(1 << 16)
            if asked is not None:
                asked.append(got)
            for part in [sent[at : at + 1] for at in range(len(sent))] if slowly else [sent]:
                if not over.wait(slowly):
                    connection.sendall(part)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=served, args=(server.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        over.set()
        server.shutdown(socket.SHUT_RDWR)


def answer(status: int, body: bytes, *headers: str, kind: str = JSON) -> bytes:
    lines = [
        f"HTTP/1.1 {status} X",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        *headers,
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.mark.parametrize("kind", EACH)
def test_a_redirect_to_another_host_gets_no_token(kind: ForgeName) -> None:
    caught: list[bytes] = []
    with listening(answer(200, b"[]"), asked=caught) as evil:
        there = evil.replace("127.0.0.1", "localhost")
        location = f"Location: {there}/caught?token=planted-in-a-url"
        for status in (301, 302, 307, 308):
            with (
                listening(answer(status, b"", location)) as url,
                pytest.raises(Unavailable, match="it redirects to another host, http://localhost") as raised,
            ):
                open_at(kind, url, "planted-token").pull(1)
            assert "planted" not in str(raised.value)
    assert caught == []


@pytest.mark.parametrize(
    ("sent", "error", "text"),
    [
        (answer(200, b"<html>Log in</html>", kind="text/html"), Unavailable, "sent text/html where JSON was expected"),
        (answer(200, b'{"number": 1', kind=JSON), Unavailable, "sent JSON that cannot be read where JSON was expected"),
        (answer(200, b'{"hello": 1}'), Unavailable, "check forge.api"),
        (answer(503, b"<html>planted words</html>", kind="text/html"), Unavailable, r"a fault of its own \(503\)"),
        (answer(500, b""), Unavailable, r"a fault of its own \(500\)"),
        (answer(401, b"", kind="text/plain"), Refused, r"which is wrong, expired, revoked.*\(401\)"),
        (answer(403, b"", kind="text/html"), Forbidden, r"may not do that \(403\)"),
        (answer(423, b'{"message": "Repository is archived"}'), Refused, "Repository is archived"),
        (answer(413, b"", kind="text/html"), Refused, r"it was refused \(413\)"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", Unavailable, "cannot be reached"),
        (b"garbage\r\n\r\n", Unavailable, "cannot be reached"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", EACH)
def test_what_is_no_answer_of_a_forge_is_told_as_that(
    kind: ForgeName, sent: bytes, error: type[GitOpsError], text: str
) -> None:
    with listening(sent) as url, pytest.raises(error, match=text) as raised:
        open_at(kind, url, "planted-token").pull(1)
    assert "planted" not in str(raised.value)


@pytest.mark.parametrize("body", [b'{"message": "see the proxy"}', b'"none"', b"null", b"", b"7"])
@pytest.mark.parametrize("kind", EACH)
def test_what_is_no_list_is_not_taken_for_an_empty_one(kind: ForgeName, body: bytes) -> None:
    with listening(answer(200, body)) as url:
        forge = open_at(kind, url, "planted-token")
        for ask in (lambda: forge.pull_of("change"), forge.open_pulls):
            with pytest.raises(Unavailable, match=r"check forge\.url and forge\.api$"):
                ask()


@pytest.mark.parametrize("kind", EACH)
def test_a_part_of_a_report_that_is_no_list_is_not_taken_for_none(
    kind: ForgeName, meet: Callable[[ForgeName], Met]
) -> None:
    met = meet(kind)
    pull = met.served.pull()
    met.served.server.fail("/reviews|/approvals|/status", Answer(200, "see the proxy"))
    found = met.opened().report(met.opened().pull(pull.number))
    assert (found.reviews, found.checks) == (None, () if kind == "github" else None)
    assert [text for text in found.unread if "and forge.api" in text]


BODIES: list[tuple[bytes, str]] = [
    (b'{"message": "one"}', "one"),
    (b'{"message": ["one", "two"]}', "one, two"),
    (b'{"message": {"title": ["is too long", "is bad"], "base": ["no"]}}', "title is too long, title is bad, base no"),
    (b'{"message": "Validation Failed", "errors": [{"resource": "Label", "field": "color", "code": "invalid"}]}', "Validation Failed, Label color invalid"),
    (b'{"message": "Validation Failed", "errors": ["one", {"message": "two"}, {"code": "custom", "message": null}]}', "Validation Failed, one, two"),
    (b'{"message": "Validation Failed", "errors": {"head": "gone"}}', "Validation Failed, head gone"),
    (b'{"error": "insufficient_scope", "error_description": "It requires more."}', "It requires more."),
    (b'{"error": "404 Not Found"}', "404 Not Found"),
    (b'{"errors": null, "message": "not found", "url": "https://forge.example.com/api/swagger"}', "not found"),
    (b'["one"]', "one"),
    (b'"one"', "one"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "said"), BODIES)
def test_words_of_every_shape_are_read(body: bytes, said: str) -> None:
    found = parsed_answer(422, {"content-type": "application/json; charset=utf-8"}, body, secret="")
    assert found.said == said


@pytest.mark.parametrize(
    "body", [b"null", b"1", b"{}", b"[]", b'{"message": null}', b'{"errors": [null, 1]}', b"[[[[]]]]"]
)
def test_an_answer_without_words_has_none(body: bytes) -> None:
    assert parsed_answer(422, {"content-type": JSON}, body, secret="").said == ""


def test_words_are_bounded_on_one_line_and_hold_neither_our_token_nor_others() -> None:
    body = b'{"message": "planted-token was wrong\\nghp_0123456789abcdefghijABCDEFGHIJ456789 ' + b"x" * 5000 + b'"}'
    said = parsed_answer(422, {"content-type": JSON}, body, secret="planted-token").said
    assert "planted-token" not in said
    assert "ghp_0" not in said
    assert "\n" not in said
    assert len(said) < 400


@pytest.mark.parametrize(
    ("status", "headers", "media", "body", "seconds"),
    [
        (429, ("Retry-After: 77",), "text/plain", b"Retry later", 77),
        (429, (), "text/plain", b"Retry later", 60),
        (429, ("Retry-After: soon",), "text/plain", b"Retry later", 60),
        (429, ("Retry-After: Thu, 01 Jan 2026 00:00:00 GMT",), "text/plain", b"Retry later", 1),
        (403, ("Retry-After: 61",), JSON, b'{"message": "You have exceeded a secondary rate limit."}', 61),
        (403, (), JSON, b'{"message": "You have triggered an abuse detection mechanism."}', 60),
        (403, ("X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1"), JSON, b"{}", 1),
    ],
)
@pytest.mark.parametrize("kind", EACH)
@pytest.mark.few(3)
def test_a_rate_limit_is_told_with_the_time_to_wait(
    kind: ForgeName, status: int, headers: tuple[str, ...], media: str, body: bytes, seconds: float
) -> None:
    with listening(answer(status, body, *headers, kind=media)) as url, pytest.raises(RateLimited) as raised:
        open_at(kind, url, "planted-token").pull(1)
    assert raised.value.seconds == seconds
    assert f"ask again in {seconds} s" in str(raised.value)


@pytest.mark.parametrize("token", ["planted\ntoken", "planted\u201ctoken", "planted\x00"])
@pytest.mark.parametrize("kind", EACH)
def test_a_token_that_cannot_be_one_is_not_sent_and_not_shown(kind: ForgeName, token: str) -> None:
    with pytest.raises(Refused, match=f"the token of {VARIABLES[kind]} holds a line break or a letter") as raised:
        open_at(kind, "http://127.0.0.1:9", token).pull(1)
    assert "planted" not in str(raised.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://a..b", "http://\u2024"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(Unavailable, match=r"check forge.url"):
        open_at("gitea", url, "planted-token").pull(1)


@pytest.mark.few(1)
def test_a_short_wait_is_waited_for(met: Met) -> None:
    met.served.pull("change")
    met.served.server.fail("GET", Answer(429, "Retry later", {"Retry-After": "1"}, media="text/plain"), times=1)
    began = time.monotonic()
    assert met.opened().pull(1).number == 1
    assert 1 <= time.monotonic() - began < 5


@pytest.mark.parametrize("kind", EACH)
def test_a_host_that_is_down_cannot_be_reached(kind: ForgeName) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    for ask in (lambda: open_at(kind, url, "planted-token").pull(1), lambda: open_at(kind, url, "t").create(new())):
        with pytest.raises(Unavailable, match=r"127.0.0.1:.* cannot be reached") as raised:
            ask()
        assert not isinstance(raised.value, MayArrive)


@pytest.mark.few(1)
def test_of_a_creation_without_an_answer_it_is_told_that_it_may_arrive(met: Met) -> None:
    met.served.commit("change")
    met.served.server.fail("POST", delay=1, times=1)
    with pytest.raises(
        MayArrive, match=r"no answer from .* within 0.5 s.* the same request again does what is missing"
    ):
        quick(met.opened()).create(new())


@pytest.mark.parametrize("kind", EACH)
def test_a_host_whose_connections_hang_is_given_up_in_time_and_has_had_nothing(kind: ForgeName) -> None:
    with full_listener() as address:
        for ask in (
            lambda: quick(open_at(kind, f"http://{address}", "planted-token")).pull(1),
            lambda: quick(open_at(kind, f"http://{address}", "t")).create(new()),
        ):
            began = time.monotonic()
            with pytest.raises(Unavailable, match=r"no answer from 127.0.0.1:\d+ within 0.5 s") as raised:
                ask()
            assert not isinstance(raised.value, MayArrive)
            assert time.monotonic() - began < 1.5


def quick(forge: Forge) -> Forge:
    forge._wire._seconds = 0.5  # type: ignore[attr-defined]
    return forge


@pytest.mark.parametrize("sent", [b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200, answer(200, b" " * 200)])
@pytest.mark.few(1)
def test_an_answer_byte_by_byte_ends_with_the_requests_time(sent: bytes) -> None:
    began = time.monotonic()
    with listening(sent, slowly=0.05) as url, pytest.raises(Unavailable, match=r"within 0.5 s"):
        quick(open_at("gitea", url, "planted-token")).pull(1)
    assert time.monotonic() - began < 2


def test_a_cancelled_call_does_not_wait_for_the_answer(met: Met) -> None:
    met.served.server.fail("GET", delay=5, times=1)
    over = CallEnd()
    timer = threading.Timer(0.2, over.set)
    timer.start()
    began = time.monotonic()
    with call_until(over), pytest.raises(Cancelled):
        met.opened().pull(1)
    assert time.monotonic() - began < 2
    timer.join()


@pytest.mark.few(1)
def test_what_a_write_has_done_is_heard_although_its_call_is_cancelled(met: Met) -> None:
    met.served.commit("change")
    forge, over = met.opened(), CallEnd()
    forge.pull_of("change")
    met.served.server.fail("POST .*(pulls|merge_requests)", delay=1, times=1)
    timer = threading.Timer(0.3, over.set)
    with call_until(over), suppress(Cancelled):
        timer.start()
        forge.create(new())
    assert over.is_set()
    assert (found := forge.pull_of("change")) is not None
    assert found.state == "open"


@pytest.mark.parametrize("kind", ["github"])
def test_an_answer_without_end_is_cut_off(kind: ForgeName, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_MOST_BYTES", 10_000)
    body = b'{"number": 1, "x": "' + b"y" * 20_000 + b'"}'
    with listening(answer(200, body)) as url, pytest.raises(Refused, match="more than 0 MiB"):
        open_at(kind, url, "planted-token").pull(1)

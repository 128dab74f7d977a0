"""`gitops-mcp serve --transport http --http-config FILE`: all that the file says holds of the server that is started."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.signed_in import machine, token_of
from tests.e2e.team import Team
from tests.e2e.test_cancel import CLUSTER
from tests.http.served import Served, answer_on, connected, exchange, frame, head, served

SCALE = "scale_postgres_cluster"
TOKENS = f"tokens:\n{machine('reader', scopes='[read]')}{machine('writer')}"


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Team:
    return Team.of(tmp_path_factory.mktemp("http_config") / "team", {"db.yaml": CLUSTER})


def config(folder: Path, text: str) -> tuple[str, str]:
    """The flag for such a file."""
    (folder / "http.yaml").write_text(text)
    return "--http-config", str(folder / "http.yaml")


def ask(
    server: Served, name: str | None = None, *, token: str | None = None, host: str = "localhost"
) -> tuple[int, str]:
    """A list of the tools, by the name of who asks."""
    body, told = frame("tools/list"), token_of(name) if name else token
    given = {"Authorization": f"Bearer {told}"} if told else {}
    status, answer = exchange(server.port, head(body, "auto", method="tools/list", host=host, **given) + body)
    return status, answer.decode()


def scale(server: Served, name: str) -> tuple[int, str]:
    body = frame("tools/call", name=SCALE, arguments={"name": "db", "instances": 3, "dry_run": True})
    top = head(body, method="tools/call", name=SCALE, Authorization=f"Bearer {token_of(name)}")
    status, answer = exchange(server.port, top + body)
    return status, answer.decode()


def test_who_may_sign_in_and_by_which_name_the_server_is_reached(team: Team, tmp_path: Path) -> None:
    text = f"resource: https://gitops.example.com/mcp\nissuers: [{{url: https://login.example.com}}]\n{TOKENS}"
    with served("--host", "0.0.0.0", *config(tmp_path, text), env=team.environment, cwd=team.checkout) as server:  # noqa: S104 - somebody has to sign in
        status, answer = ask(server)
        assert status == 401
        where = "https://gitops.example.com/.well-known/oauth-protected-resource/mcp"
        assert f'www-authenticate: Bearer scope="read", resource_metadata="{where}"' in answer
        assert ask(server, token="x" * 40)[0] == 401
        assert [ask(server, name)[0] for name in ("reader", "writer")] == [200, 200]
        assert (f'"{SCALE}"' in ask(server, "reader")[1], f'"{SCALE}"' in ask(server, "writer")[1]) == (False, True)
        status, answer = scale(server, "reader")
        assert (status, 'error="insufficient_scope"' in answer) == (403, True)
        status, answer = scale(server, "writer")
        assert (status, '"isError":true' in answer) == (200, False)
        assert ask(server, "reader", host="gitops.example.com")[0] == 200
        assert ask(server, "reader", host="evil.example.com")[0] == 421
        request = b"GET /.well-known/oauth-protected-resource/mcp HTTP/1.1\r\nHost: gitops.example.com\r\n\r\n"
        assert exchange(server.port, request)[0] == 200


def test_how_much_one_caller_may_ask_for(team: Team, tmp_path: Path) -> None:
    limits = "limits: {requestsPerMinute: 3, atOnce: 1}\n"
    with served(*config(tmp_path, TOKENS + limits), env=team.environment, cwd=team.checkout) as server:
        assert [ask(server, "reader")[0] for _ in range(4)] == [200, 200, 200, 429]
        status, answer = ask(server, "reader")
        assert (status, bool(re.search(r"(?i)\r\nretry-after: (1?\d|20)\r\n", answer))) == (429, True)
        assert "you have asked 3 times within a minute" in answer
        body = frame("tools/list")
        more = {"Authorization": f"Bearer {token_of('writer')}", "Expect": "100-continue"}
        with connected(server.port) as wire:
            wire.sendall(head(body, "auto", method="tools/list", **more))
            assert wire.recv(1 << 10).startswith(b"HTTP/1.1 100 ")
            status, answer = ask(server, "writer")
            assert (status, "1 of your requests are being answered" in answer) == (429, True)
            wire.sendall(body)
            assert answer_on(wire)[0] == 200
        assert ask(server, "writer")[0] == 200


def test_the_flag_for_the_file_of_keys_wins_over_the_one_that_the_file_names(team: Team, tmp_path: Path) -> None:
    flag = config(tmp_path, f"{TOKENS}stateKeyFile: {tmp_path}/none\n")
    with (
        pytest.raises(
            RuntimeError,
            match=r"it ended with 2: .*http\.yaml: stateKeyFile: \S+/none cannot be read: No such file or directory",
        ),
        served(*flag, env=team.environment, cwd=team.checkout),
    ):
        pass
    (tmp_path / "keys").write_text("k" * 32)
    flags = (*flag, "--state-key-file", str(tmp_path / "keys"))
    with served(*flags, env=team.environment, cwd=team.checkout) as server:
        assert ask(server, "reader")[0] == 200


def test_a_file_with_faults_starts_no_server(team: Team, tmp_path: Path) -> None:
    with (
        pytest.raises(
            RuntimeError, match=r"it ended with 2: .*http\.yaml.*\n- \S*http\.yaml:1: nobody could sign in"
        ) as told,
        served("--host", "0.0.0.0", *config(tmp_path, "impersonate: true\n"), env=team.environment, cwd=team.checkout),  # noqa: S104 - refused
    ):
        pass
    assert "serves" not in str(told.value)

"""How git reaches a host over http: with whose login, through which proxy, trusting which authorities.

For who asks the same host for something that is not git's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gitops_mcp.adapters.git.runner import GitFailed, Runner

_SECONDS = 15.0
"""For a credential helper that would ask a person."""


def git_login(runner: Runner, address: str) -> tuple[str, str] | None:
    """User and password that git has for an address, from it or from a credential helper; never by asking."""
    if not address.isprintable():
        return None  # a further line would name another host
    try:
        asked = replace(runner, timeout=min(runner.timeout, _SECONDS))
        # One of ssh would open a window; one that is set for git is asked as it is for a push.
        env = {"SSH_ASKPASS": ""}
        ran = asked.run("credential", "fill", input=f"url={address}\n\n".encode(), env=env)
    except GitFailed:
        return None
    told = dict(line.split("=", 1) for line in ran.text.splitlines() if "=" in line)
    # Without a helper, an askpass that asks nobody makes an empty one.
    return (told.get("username", ""), told["password"]) if told.get("password") else None


def web_settings(runner: Runner, address: str) -> Mapping[str, str]:
    """What `http.*` of git's configuration says for an address, by the variable's name in lower case."""
    ran = runner.run("config", "-z", "--get-urlmatch", "http", address, check=False)
    pairs = (entry.partition("\n") for entry in ran.text.split("\0") if entry)
    return {name.removeprefix("http."): value for name, _, value in pairs}

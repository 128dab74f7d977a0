"""Whether what an engine object names is this repository, at the branch that changes are proposed against.

Engines and people write the same repository in many ways (ssh, https, with and without `.git`), and an engine in the
cluster may reach a forge by an inner name. What cannot be told counts as this repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gitops_mcp.domain.engines.reading import clean_path
from gitops_mcp.domain.remote_url import parse_remote_url


class Elsewhere(str):
    """Why what is applied does not stand in this repository."""

    __slots__ = ()


class OffBranch(str):
    """Why what is applied is not the base: it is another branch of this repository, a tag or a commit."""

    __slots__ = ()


class NotEvaluated(str):
    """Why it cannot be told what an ApplicationSet applies: something below its folder, or nothing."""

    __slots__ = ()


_NOTHING = r"[^\x00-\x{10FFFF}]"
PUSHES = ("flux push artifact", "oras push")
"""How a pipeline makes an artifact of files."""
_EXPRESSION = re.compile(r"\$\{\{ *([\w.-]+) *\}\}")
_FILLED_IN = re.compile(r"\$\{([\w.-]+)\}|\$(\w+)|\$\([^)]*\)")
_PATH = re.compile(r"(?:--path|-f)[= ]+(\S+)")
_INNER = (".svc", ".local", ".internal", ".lan")


def why_elsewhere(url: object, remotes: tuple[str, ...]) -> Elsewhere | None:
    """Why a URL is not that of this repository; None where it is, or where nothing is known to compare it with."""
    if not isinstance(url, str) or not url:
        return Elsewhere("it names no repository")
    known = [found for found in map(parse_remote_url, remotes) if found.host]
    if not known:
        return None
    named = parse_remote_url(url)
    near = [mine for mine in known if mine.path.lower() == named.path.lower()]
    if any(mine.host == named.host or _is_inner(mine.host) or _is_inner(named.host) for mine in near):
        return None
    return Elsewhere(f"it applies {url}, another repository than {remotes[0]}")


def why_off_branch(reference: object, branch: str) -> OffBranch | None:
    """Why a branch, tag or commit that is named is not the branch; None for the branch, `HEAD` and nothing."""
    if not isinstance(reference, str) or reference in {"", "HEAD", branch, f"refs/heads/{branch}"}:
        return None
    return OffBranch(f"it applies {reference}, not {branch}")


def _is_inner(host: str) -> bool:
    """A name that only a cluster or a network of one's own resolves."""
    return "." not in host or host.endswith(_INNER)


def pushed_artifacts(files: Mapping[str, str], remotes: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(expression of its URL, folder of this repository) of each artifact that a pipeline of this repository pushes."""
    repository = next((known.path for known in map(parse_remote_url, remotes) if known.host), "")
    owner, _, name = repository.rpartition("/")
    given = {"github.repository": repository, "github.repository_owner": owner, "github.event.repository.name": name}
    for path in sorted(files):
        text = _EXPRESSION.sub(r"${\1}", files[path]) if any(push in files[path] for push in PUSHES) else ""
        for command in _push_commands(text):
            folder = _PATH.search(command)
            url = next((word for word in command.split() if "/" in word and not word.startswith("-")), "")
            if url and (folder is None or "$" not in folder[1]):
                named = folder[1].strip("\"'") if folder else "."
                yield _url_expression(url, text, given), clean_path(named)


def _push_commands(text: str) -> Iterator[str]:
    """What follows the command, with the lines that go on with it."""
    for start in (part for push in PUSHES for part in text.split(push)[1:]):
        command = ""
        for line in start.splitlines():
            if command and not command.endswith("\\") and not line.strip().startswith("--"):
                break
            command = f"{command.removesuffix(chr(92))} {line.strip()}"
        yield command


def _url_expression(url: str, text: str, given: Mapping[str, str]) -> str:
    """Variables of the file filled in, others left open; without the tag."""

    def value(found: re.Match[str]) -> str:
        name = next((part for part in found.groups() if part), "").removeprefix("env.")
        said = re.search(rf"^[ -]*{re.escape(name)}: *(\S.*)$", text, re.MULTILINE) if name else None
        return given.get(name) or (said[1].strip("\"' ") if said else "\0")

    for _ in range(3):
        url = _FILLED_IN.sub(value, url.strip("\"'"))
    url = url.removeprefix("oci://")
    host, _, path = url.partition("/")
    folder, _, last = path.rpartition("/")
    path = f"{folder}/{last.partition(':')[0]}".strip("/")
    if not path.replace("\0", "").strip("/"):
        return _NOTHING
    return "(?:oci://)?" + ".+".join(re.escape(part) for part in f"{host}/{path}".split("\0"))

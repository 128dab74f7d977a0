"""Which PostgreSQL: a major, or the full tag of an image."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gitops_mcp.domain.cnpg.notation.golang import parse_integer
from gitops_mcp.domain.cnpg.releases import Release
from gitops_mcp.domain.names import quote
from gitops_mcp.errors import InvalidRequest

OLDEST, NEWEST = 13, 18
"""CNPG's webhook refuses older majors; newer ones than this may exist by the time this runs."""

_TAG = re.compile(r"(\d{2})(?:\.\d+|(?:beta|rc)\d+)?(?:[-_.][A-Za-z0-9_.-]*)?", re.ASCII)
_SHA256 = re.compile(r"@sha256:[0-9a-fA-F]+$")
_NUMBERS = re.compile(r"(?:[0-9]\.?)+")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_FLAVOUR = "standard-trixie"


@dataclass(frozen=True)
class Version:
    major: int
    tag: str | None
    """The tag as it was given; None where only a major was."""

    @property
    def default_tag(self) -> str:
        """The tag given, else the moving one of the major, which is better pinned."""
        return self.tag or f"{self.major}-{_FLAVOUR}"


def parse_postgres_version(text: str, *, field: str = "postgres_version") -> Version:
    """A major, or a tag that starts with a version, with or without a digest.

    The operator learns the version from the tag, so `latest` and a digest alone are refused by its webhook.
    """
    tag, _, digest = text.partition("@")
    match = _TAG.fullmatch(tag) if len(tag) <= 128 and (digest == "" or _DIGEST.fullmatch(digest)) else None
    if match is None:
        raise InvalidRequest(
            f"{field}: {quote(text)} {_why(text)}; a major such as '18', or a full tag such as '18.4-standard-trixie'"
        )
    major = int(match.group(1))
    if not OLDEST <= major < 30:
        raise InvalidRequest(
            f"{field}: PostgreSQL {major} cannot be run by CloudNativePG: from {OLDEST} to {NEWEST}, such as '{NEWEST}'"
        )
    return Version(major, None if tag == str(major) and not digest else text)


def image_tag(image: str) -> str:
    """The tag of an image reference: `registry:5000/pg:18.4-system@sha256:…` -> `18.4-system`; empty where none is."""
    return _SHA256.sub("", image).rpartition("/")[2].partition(":")[2]


def major_of(image: object) -> int | None:
    """The major that an image reference or a bare tag says, as the operator reads it (machinery's version.FromTag).

    The numbers at the tag's start count up to the first other character; with a point that no number follows, as in
    `18.` and `18.x`, it is no version.
    """
    if not isinstance(image, str):
        return None
    found = _NUMBERS.match(image_tag(image) or image)
    numbers = [parse_integer(one) for one in found[0].split(".")[:2]] if found else [None]
    return None if None in numbers else numbers[0]


def parse_operator_version(text: object) -> Release | None:
    """`1.30.0` of a pod's annotation cnpg.io/operatorVersion, as numbers."""
    match = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", text) if isinstance(text, str) else None
    if match is None:
        return None
    major, minor, patch = (int(part) for part in match.groups(default="0"))
    return major, minor, patch


def _why(text: str) -> str:
    if text == "latest":
        return "moves, and the operator reads the version from the tag"
    if text.startswith(("sha256:", "@")):
        return "is a digest alone, and the operator reads the version from the tag"
    if "/" in text or ":" in text.partition("@")[0]:
        return "is an image; give only its tag (the repository is images.postgres of .gitops-mcp.yaml)"
    return "is not a version of PostgreSQL"

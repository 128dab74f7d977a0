"""What a repository's `.sops.yaml` says of a file: which of its creation rules sops will take.

sops takes the first rule whose path_regex is found in the path from the folder of `.sops.yaml`; a rule without one
takes every file. The file is read from the commit that the change is planned on, never from the disk.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from gitops_mcp.adapters.secrets.interface import ReadFile
from gitops_mcp.domain.kustomize import regex
from gitops_mcp.domain.names import quote
from gitops_mcp.domain.objects import at
from gitops_mcp.domain.repository.desired import folders_above
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.domain.yaml.tree import Unparsable
from gitops_mcp.errors import Refused

CONFIG = ".sops.yaml"
SELECTION = "^(data|stringData)$"
"""encrypted_regex: without one sops encrypts apiVersion and kind too, and then nothing can read the manifest."""
_SELECTIONS = frozenset(
    f"{which}encrypted_{how}" for which in ("", "un") for how in ("regex", "suffix", "comment_regex")
)
_SUFFIXES = (".sops", ".enc", ".enc.age", ".sec", ".secret")
"""Before the extension, as repositories name what sops has encrypted."""


@dataclass(frozen=True)
class CreationRule:
    number: int
    """Counted from 1."""
    path_regex: str
    """Empty: it takes every file."""
    selects: bool
    """It says itself what is encrypted, and sops takes no second word on that."""


@dataclass(frozen=True)
class SopsRules:
    config: str
    """The path of `.sops.yaml` from the root."""
    text: str
    rules: tuple[CreationRule, ...]

    def relative(self, path: str) -> str:
        """As rules see it."""
        return posixpath.relpath(path, posixpath.dirname(self.config) or ".")

    def matching(self, path: str) -> CreationRule | None:
        seen = self.relative(path)
        return next((rule for rule in self.rules if self._matches(rule, seen)), None)

    def _matches(self, rule: CreationRule, seen: str) -> bool:
        try:
            return not rule.path_regex or regex.search(rule.path_regex, seen)
        except regex.Unsupported as error:
            raise Refused(
                f"rule {rule.number} of {self.config} has the path_regex {quote(rule.path_regex)}, which is not a "
                f"regular "
                f"expression of Go, so which rule is for {seen} cannot be determined. Correct it, or put a rule for "
                f"{seen} "
                f"before it"
            ) from error

    def unmatched(self, path: str) -> Refused:
        there = ", ".join(f"{rule.number}: {quote(rule.path_regex)}" for rule in self.rules) or "none"
        example = next(sops_file_names(self.relative(path), only=_SUFFIXES[:1]))
        return Refused(
            f"no creation rule of {self.config} is for {self.relative(path)}, nor for it with another suffix "
            f"({', '.join(_SUFFIXES)}); path_regex of the rules there are: {there}. A rule with path_regex "
            rf"'\.sops\.ya?ml$' would take {example}"
        )


def nearest_rules(read: ReadFile, path: str) -> SopsRules:
    """Those of the nearest `.sops.yaml` at or above the folder of a file. Raises Refused where there is none."""
    for folder in folders_above(posixpath.dirname(path), ""):
        config = posixpath.join(folder, CONFIG)
        text = read(config)
        if text is not None:
            return SopsRules(config, text, _parse_rules(config, text))
    raise Refused(
        f"there is no {CONFIG} at or above {posixpath.dirname(path) or 'the root'}, so sops does not know for whom to "
        rf"encrypt {path}. Commit one with a creation rule (path_regex '\.sops\.ya?ml$' and the public key that the "
        rf"engine can decrypt for), or choose another password provider"
    )


def _parse_rules(config: str, text: str) -> tuple[CreationRule, ...]:
    try:
        found = parse_documents(text)
    except Unparsable as error:
        raise Refused(f"{config} is not YAML that can be read: {error}") from error
    # sops reads the first document only.
    rules = at(found[0].value, "creation_rules") if found else None
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise Refused(f"{config} has no list of mappings under creation_rules, which says for whom sops encrypts")
    return tuple(
        CreationRule(number, str(rule.get("path_regex") or ""), selects=any(rule.get(key) for key in _SELECTIONS))
        for number, rule in enumerate(rules, start=1)
    )


def sops_file_names(path: str, *, only: tuple[str, ...] = _SUFFIXES) -> Iterator[str]:
    """The file under the names that repositories give to what sops has encrypted."""
    stem, extension = posixpath.splitext(path)
    for suffix in sorted(_SUFFIXES, key=len, reverse=True):
        stem = stem.removesuffix(suffix)
    for suffix in only:
        yield f"{stem}{suffix}{extension}"

"""What there is to mind of a change that was not planned here: what our own road would never commit."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import takewhile

from gitops_mcp.domain.cnpg.protection import blockers, spell_out
from gitops_mcp.domain.engines.reading import read_documents
from gitops_mcp.domain.kinds import CLUSTER_IMAGE_CATALOG, SECRET
from gitops_mcp.domain.live.drift import drift
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, Path, at, dotted_path
from gitops_mcp.domain.plans.plaintext import check_no_plaintext
from gitops_mcp.domain.redact import MASK, OutsideText, mark_outside, redact_text, redact_value
from gitops_mcp.domain.redact.keys import is_secret_value
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.domain.review_text.proposal import ProposedPart
from gitops_mcp.domain.yaml.redacted_lines import redacted_lines
from gitops_mcp.domain.yaml.text import YamlDocument
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import Refused

_FIELDS = 8
_LINE = re.compile(r"(?<=:)\d+(?=:)|(?<=line )\d+")
_MANIFESTS = (".yaml", ".yml", ".json")
_DEEPEST = 4
"""Of texts within texts."""


def plaintext_faults(files: Iterable[FileChange]) -> Iterator[Notice]:
    """What manifests would show to everybody: values of Secrets, and what has the form of a credential."""
    for one in files:
        if not one.path.endswith(_MANIFESTS):
            continue
        try:
            check_no_plaintext((one,))
        except Refused as error:
            yield Notice("plaintext-secret", str(error))
        else:
            lines = [
                number for number, line in _new_secret_lines(one) if redact_text(_value_of(line)) != _value_of(line)
            ]
            yield from _credential_notices("plaintext-secret", one, lines, "holds what has the form of a credential")


def plaintext_notices(files: Iterable[FileChange]) -> Iterator[Notice]:
    """What only its key or its name makes a secret: `password: x`, `{name: PGPASSWORD, value: x}`."""
    for one in files:
        if not one.path.endswith(_MANIFESTS):
            continue
        documents = read_documents(one.after or "")
        named = [
            re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")
            for text in {text for document in documents for text in _named_values(document.value)}
        ]
        judged = frozenset(_lines_of_secrets(one.after or "", documents))
        told = (
            (number, _value_of(line))
            for number, line in _new_secret_lines(one)
            if number not in judged and (redact_text(line) != line or any(one.search(_value_of(line)) for one in named))
        )
        lines = [number for number, value in told if redact_text(value) == value]
        yield from _credential_notices("may-be-secret", one, lines, "may hold a secret")


def _named_values(value: object, depth: int = 0) -> Iterator[str]:
    """Each `value` whose name, parameter or path beside it says that it is a secret; in manifests as text too."""
    if isinstance(value, dict):
        name = str(value.get("name") or value.get("key") or value.get("path")).rpartition("/")[2]
        text = value.get("value")
        if isinstance(text, str | int | float) and is_secret_value(name, str(text)):
            yield str(text).strip().partition("\n")[0]
    elif isinstance(value, str) and "\n" in value and depth < _DEEPEST:
        value = [document.value for document in read_documents(value)]
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _named_values(part, depth + 1 if isinstance(part, str) else depth)


def _lines_of_secrets(text: str, documents: Iterable[YamlDocument]) -> Iterator[int]:
    """Those of Secrets themselves, which check_no_plaintext has judged."""
    lines = text.split("\n")
    for one in documents:
        if at(one.value, "kind") == SECRET.kind:
            rest = takewhile(lambda line: not line.startswith("---"), lines[one.line - 1 :])
            yield from (number for number, _ in enumerate(rest, start=one.line))


def _new_secret_lines(one: FileChange) -> Iterator[tuple[int, str]]:
    """Those of which something would not be shown: what is sealed, encrypted or only names a secret is."""
    known, text = {line.strip() for line in (one.before or "").split("\n")}, one.after or ""
    lines = zip(text.split("\n"), redacted_lines(text), strict=True)
    for number, (line, shown) in enumerate(lines, start=1):
        if MASK in shown and line.strip() not in known:
            yield number, line


def _value_of(line: str) -> str:
    """Without the key; text of a list's item is a value too."""
    key, colon, value = line.partition(": ")
    return value if colon and " " not in key.strip().removeprefix("- ") else line.strip().removeprefix("- ")


def _credential_notices(id_: str, one: FileChange, lines: Sequence[int], what: str) -> Iterator[Notice]:
    if lines:
        more = f" (and {len(lines) - 1} more lines)" if len(lines) > 1 else ""
        text = f"{one.path}:{lines[0]}{more} {what} in clear text, and Git keeps it for ever: refer to a Secret instead"
        yield Notice(id_, text)


def without_unlisted(before: Desired, after: Desired) -> Desired:
    """The state after without what a kustomization has made and no longer lists, though its file is there still."""
    built = {one.identity for one in before.declarations if one.root is not None}
    kept = [
        one
        for one in after.declarations
        if one.root is not None or one.identity not in built or after.governing(posixpath.dirname(one.path)) is None
    ]
    return after if len(kept) == len(after.declarations) else replace(after, declarations=tuple(kept))


def with_unplanned(part: ProposedPart, namespaces: tuple[str, ...] | None) -> ProposedPart:
    """The part with what does not parse or build any more, and what its objects show by themselves.

    `namespaces`: those that the environment allows; None: all.
    """
    broken = tuple(_broken(part.before, part.after))
    listed = [_missing_entry(one.message) for one in broken]
    objects = tuple(one for one in part.objects if not broken or not _may_be_there(part, one, listed))
    part = replace(part, objects=objects)
    faults = (*broken, *_outside(part, namespaces), *_homeless(part), *_kept(part))
    notices = (*part.notices, *_renames(part), *_unlisted(part))
    return replace(part, faults=(*part.faults, *faults), notices=tuple(dict.fromkeys(notices)))


def _broken(before: Desired, after: Desired) -> Iterator[Notice]:
    known = {_without_lines(text) for text in (*_unread(before), *before.notes, *(one.reason for one in after.hidden))}
    unread = list(_unread(after))
    for text in unread:
        if _without_lines(text) not in known:
            yield Notice("does-not-parse", f"{text}; what it holds could not be judged")
    for note in after.notes:
        if note not in unread and _without_lines(note) not in known:
            yield Notice("does-not-build", f"{note}; what is built of it could not be judged")


def _unread(state: Desired) -> Iterator[str]:
    return map(str, state.skipped)


def _without_lines(text: str) -> str:
    """What was there before may stand in another line now."""
    return _LINE.sub("", text)


def _may_be_there(part: ProposedPart, change: ObjectChange, listed: Sequence[str]) -> bool:
    """Whether an object seems to go only because something of it cannot be read, so that no engine takes it away.

    `listed`: what kustomizations name and is not there.
    """
    if change.after is not None or change.before is None:
        return False
    path = part.declared[change.identity].path
    is_listed = any(f"{path}/".startswith(f"{one}/") for one in listed)
    return is_listed or path in part.after.texts or any(one.path == path for one in part.after.skipped)


def _missing_entry(told: str) -> str:
    """What a kustomization names, where it says that of the entry: `prod/kustomization.yaml:2: db.yaml: ...`."""
    place, _, rest = told.partition(": ")
    return posixpath.normpath(posixpath.join(posixpath.dirname(place), rest.partition(": ")[0]))


def _outside(part: ProposedPart, namespaces: tuple[str, ...] | None) -> Iterator[Notice]:
    if namespaces is None:
        return
    for one in part.objects:
        if one.identity.namespace is not None and one.identity.namespace not in namespaces:
            text = f"{one.identity}: environment {part.environment} does not allow this namespace; there are: "
            yield Notice("namespace-not-allowed", text + ", ".join(namespaces))


def _homeless(part: ProposedPart) -> Iterator[Notice]:
    for one in part.objects:
        is_new = one.before is None and one.after is not None
        if is_new and one.identity.namespace is None and one.identity.kind != CLUSTER_IMAGE_CATALOG.kind:
            text = f"{one.identity}: nothing in the repository says its namespace; set metadata.namespace"
            yield Notice("no-namespace", text)


def is_kept(part: ProposedPart, change: ObjectChange) -> bool:
    """Whether the engine that is known to apply an object does not delete it; of an unknown one that is in doubt."""
    engine = part.engine_of(change.identity)
    return change.after is None and engine is not None and bool(blockers(change.before, engine))


def _kept(part: ProposedPart) -> Iterator[Notice]:
    for one in part.objects:
        if one.after is None and (held := blockers(one.before, part.engine_of(one.identity))):
            text = (
                f"{one.identity}: its manifest goes and {spell_out(held)} keeps the live object, which nothing in Git "
                f"describes then. Take the protection away first, let that be applied, and then remove the manifest"
            )
            yield Notice("kept-without-manifest", text)


def _renames(part: ProposedPart) -> Iterator[Notice]:
    gone = [one for one in part.objects if one.after is None]
    for new in part.objects:
        if new.before is not None or new.after is None:
            continue
        path = part.declared[new.identity].path
        for old in gone:
            same = old.before is not None and is_same(old.before.get("spec"), new.after.get("spec"))
            if old.identity.kind == new.identity.kind and (same or part.declared[old.identity].path == path):
                text = f"{old.identity} goes and {new.identity} comes in its place: nothing is renamed, one is deleted"
                yield Notice("rename", f"{text} and another one is made, which begins empty")
                break


def _unlisted(part: ProposedPart) -> Iterator[Notice]:
    """What a kustomization has made, and nothing is known to apply as a file."""
    built = {one.identity: one for one in part.before.declarations if one.root is not None and one.applied is None}
    for one in part.after.declarations:
        is_file = one.root is None and one.applied is None and one.identity in built
        if is_file and part.after.governing(posixpath.dirname(one.path)) is None:
            text = (
                f"{one.identity}: a kustomization in {built[one.identity].root or 'the root'} has made it, and none is "
                f"above {one.path} any more. An engine that builds that folder with kustomize, or takes only the files "
                f"beside each other, deletes it"
            )
            yield Notice("kustomization-gone", text)


def drift_notices(change: ObjectChange, live: Object) -> Iterator[Notice]:
    """Where live is not as Git says before the change."""
    found = drift(change.before, live) if change.before is not None else ()
    touched = set(change.fields)
    for one in found[:_FIELDS]:
        git, now = (_shown(value, one.path) for value in (one.desired, one.live))
        also = ", and this change sets it too" if one.path in touched else ""
        yield Notice("drift", f"{change.identity} {dotted_path(one.path)}: Git has {git}, live has {now}{also}")
    if len(found) > _FIELDS:
        yield Notice("drift", f"{change.identity}: {len(found) - _FIELDS} more fields are live otherwise than in Git")


def _shown(value: object, path: Path) -> str:
    """What may be prose of others is marked as such, and bounded."""
    shown = redact_value(value, path)
    marked = mark_outside(shown if isinstance(shown, str) else repr(shown))
    return str(marked) if isinstance(marked, OutsideText) else repr(shown)

"""The ObjectStores of the Barman Cloud plugin, which are of another group than what a build gives.

So that it gives them too, their documents are written as CNPG's and built once more; what is edited then is written
back. A document inside of a `kind: List` is not seen, nor what a patch does that selects them by their group.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from gitops_mcp.domain.kinds import CLUSTER, OBJECT_STORE
from gitops_mcp.domain.objects import Object, list_at, text_at
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.repository.files import FileChange

MARK = f"kind: {OBJECT_STORE.kind}"
_KIND = re.compile(r"^kind: *[\"']?ObjectStore[\"']? *(?:#.*)?\r?$", re.MULTILINE)
_BETWEEN = re.compile(r"(^---.*$)", re.MULTILINE)


def with_object_stores(desired: Desired, texts: Mapping[str, str]) -> Desired:
    """The same, where the ObjectStores of these files are declared too, in CNPG's group."""
    known = replace(desired, texts={**texts, **desired.texts})
    made = {path: _of_group(known.texts[path], OBJECT_STORE.api_version, CLUSTER.api_version) for path in texts}
    changed = [FileChange(path, known.texts[path], text) for path, text in made.items() if text != known.texts[path]]
    return desired_after(known, changed) if changed else desired


def in_own_group(changes: Iterable[FileChange], texts: Mapping[str, str]) -> tuple[FileChange, ...]:
    """What an edit did there, as it is to be written. `texts`: the files as they are."""
    return tuple(
        FileChange(one.path, texts.get(one.path, one.before), one.after and _own(one.after)) for one in changes
    )


def shown_in_own_group(changes: Iterable[FileChange]) -> tuple[FileChange, ...]:
    """Live objects, which stand in no file, as a diff shows them."""
    return tuple(
        FileChange(one.path, one.before and _own(one.before), one.after and _own(one.after)) for one in changes
    )


def as_built(manifest: Object) -> Object:
    """An ObjectStore in the group that a build knows."""
    return {**manifest, "apiVersion": CLUSTER.api_version}


def stores_named_by(cluster: Object | None) -> frozenset[str]:
    """The names of the ObjectStores that a Cluster writes to, or is restored from."""
    used = [*list_at(cluster, "spec", "plugins"), *list_at(cluster, "spec", "externalClusters")]
    names = (text_at(one, *path, "parameters", "barmanObjectName") for one in used for path in ((), ("plugin",)))
    return frozenset(name for name in names if name)


def _own(text: str) -> str:
    return _of_group(text, CLUSTER.api_version, OBJECT_STORE.api_version)


def _of_group(text: str, old: str, new: str) -> str:
    version = re.compile(rf"^(apiVersion: *[\"']?){re.escape(old)}(?=[\"' #\r]|$)", re.MULTILINE)
    parts = _BETWEEN.split(text)
    return "".join(version.sub(rf"\g<1>{new}", part) if _KIND.search(part) else part for part in parts)

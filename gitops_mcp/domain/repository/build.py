"""Everything that a commit produces in an environment, as its engines apply it, with where each part of it stands.

Kustomizations are built, variables filled in, Helm values read. An object knows its live identity, the documents and
patches that make it, and the engine object that applies it.

To an environment belongs what the engine objects below its path apply, wherever that lies, and what any engine object
applies from below its path. Where no engine object applies a part of the repository there, it is what the
kustomizations below the path make, and without any engine object in the repository also the files that none lists.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace

from gitops_mcp.domain.budget import build_budget, spend
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.charts.engine import Charts
from gitops_mcp.domain.engines.declared import find_engine_objects
from gitops_mcp.domain.kinds import may_mean_cnpg
from gitops_mcp.domain.kustomize import FileTree
from gitops_mcp.domain.kustomize.kustomization import is_kustomization
from gitops_mcp.domain.objects import Object, Path
from gitops_mcp.domain.repository.desired import Declaration, Desired, Origin
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.domain.repository.render import declare_as_written
from gitops_mcp.domain.repository.roots.environment_roots import MANIFESTS, EnvironmentRoots
from gitops_mcp.domain.repository.roots.not_applied import (
    cnpg_documents,
    find_maker_files,
    find_unapplied,
    holds_only_cnpg,
)
from gitops_mcp.domain.repository.roots.same_engines import have_same_engines
from gitops_mcp.domain.repository.roots.same_objects import number_objects

_NONE: Container[str] = frozenset()
_AFTER = ("after", "")


def build_desired(
    files: Mapping[str, str],
    *,
    commit: str,
    folder: str,
    remotes: tuple[str, ...] = (),
    revision: str = "main",
    others: Container[str] = _NONE,
    known: Desired | None = None,
    charts: Charts | None = None,
    made: tuple[Object, ...] = (),
) -> Desired:
    """What the files of a commit produce in the environment whose folder is given.

    `others`: paths that exist and were not read, since they matter to no build. `known`: what was asked before, of
    this or another commit or environment; only what differs is built again. `charts`: what renders those of this
    commit; None: what rendered them before. `made`: live Applications of ApplicationSets that Git alone does not
    explain.
    """
    with build_budget(len(files)):
        return _build(files, commit, (folder, remotes, revision, made), others, known, charts)


def _build(
    files: Mapping[str, str],
    commit: str,
    asked: tuple[str, tuple[str, ...], str, tuple[Object, ...]],
    others: Container[str],
    known: Desired | None,
    charts: Charts | None,
) -> Desired:
    folder, remotes, revision, made = asked
    tree = known.tree if known is not None else None
    same_charts = charts is None or (tree is not None and tree.charts == charts)
    is_same = known is not None and (known.folder, known.remotes, known.revision, known.made) == asked
    if tree is not None and known is not None and same_charts and tree.files == files and tree.others is others:
        if is_same:
            return replace(known, commit=commit)
    else:
        tree = (tree or FileTree({}, may_mean=may_mean_cnpg)).with_files(files, others, charts)
    if known is not None and is_same and same_charts:
        again = _built_again(known, tree)
        if again is not None:
            return replace(again, commit=commit)
    found = _engine_objects(tree, remotes, revision)
    if folder and any(path.startswith(f"{folder}/") for one in found for path in one.substitution.several):
        found = _engine_objects(tree, remotes, revision, folder)
    if made:
        from gitops_mcp.domain.engines.applicationsets.live import with_live_applications

        found = with_live_applications(found, made, files, remotes=remotes, revision=revision)
    roots = EnvironmentRoots(tree, found, folder)
    return replace(_assemble_desired(roots, commit, remotes, revision), made=made)


def _assemble_desired(roots: EnvironmentRoots, commit: str, remotes: tuple[str, ...], revision: str) -> Desired:
    files = roots.tree.files
    numbers = number_objects(
        roots.engines, roots.applied, [*roots.roots.values(), *roots.elsewhere.values()], roots.here
    )
    everything = _with_sharers([one for made in roots.all for one in made.declarations], numbers)
    count = sum(len(made.declarations) for made in roots.own)
    hidden = [*roots.loose, *(path for path in roots.marked if path not in set(roots.loose))]
    return Desired(
        commit,
        roots.folder,
        _without_duplicates(everything[:count]),
        roots.skipped,
        roots.kustomizations,
        files,
        tree=roots.tree,
        engines=roots.engines,
        everything=everything,
        unreached=(*roots.idle_objects(), *find_unapplied(files, roots.loose, roots.engines)),
        hidden=(*(one for made in roots.own for one in made.makers), *find_maker_files(files, hidden)),
        notes=tuple(dict.fromkeys(note for made in roots.own for note in made.notes)),
        remotes=remotes,
        revision=revision,
        roots=roots,
    )


def _built_again(known: Desired, tree: FileTree) -> Desired | None:
    """What is known with other files, where they differ in documents of CNPG alone; None where that is not enough.

    All but the objects of the roots that read these files stays as it is.
    """
    if not isinstance(known.roots, EnvironmentRoots):
        return None
    changed = _documents_changed(known.roots.tree.files, tree.files)
    idle = (path for made in known.roots.idle.values() for path in made.reached)
    told = {*known.roots.loose, *(one.path for one in known.hidden), *idle}
    if changed is None or not changed.isdisjoint(told):
        return None
    roots = known.roots.again(tree)
    if roots is None:
        return None
    old = (one for made in known.roots.all for one in made.declarations)
    new = (one for made in roots.all for one in made.declarations)
    made = {
        id(was): was if one is before else replace(one, shared=was.shared, number=was.number)
        for was, before, one in zip(known.everything, old, new, strict=True)
    }
    return replace(
        known,
        declarations=tuple(made[id(one)] for one in known.declarations),
        skipped=roots.skipped,
        texts=tree.files,
        tree=tree,
        everything=tuple(made.values()),
        roots=roots,
    )


def _documents_changed(old: Mapping[str, str], new: Mapping[str, str]) -> set[str] | None:
    """The files that differ; None where that is more than documents of CNPG in files that are in both."""
    if old.keys() != new.keys():
        return None
    changed = {path for path, text in new.items() if text is not old[path] and text != old[path]}
    manifests = all(path.endswith(MANIFESTS) and not is_kustomization(path) for path in changed)
    return (
        changed if manifests and all(holds_only_cnpg(state[path]) for path in changed for state in (old, new)) else None
    )


def _engine_objects(
    tree: FileTree, remotes: tuple[str, ...], revision: str, folder: str = ""
) -> tuple[EngineObject, ...]:
    """Read again only where something has changed that they may depend on."""
    key, others = ("engines", f"{remotes} {revision} {folder}"), tree.others
    known = tree.memo.get(key)
    if (
        known is None
        or not have_same_engines(known[0], tree.files)
        or (known[1] is not others and _ask_for_paths(known[2]))
    ):
        paths = others if isinstance(others, Iterable) else ()
        found_now = find_engine_objects(
            tree.files, remotes=remotes, revision=revision, tree=tree, others=paths, folder=folder
        )
        known = (tree.files, others, found_now)
    found: tuple[EngineObject, ...] = known[2]
    tree.memo[key] = (tree.files, others, found)
    return found


def _ask_for_paths(found: Iterable[EngineObject]) -> bool:
    """Whether they depend on which files there are, read or not."""
    return any(one.kind == "ApplicationSet" for one in found)


def _with_sharers(found: Sequence[Declaration], numbers: Mapping[int, int]) -> tuple[Declaration, ...]:
    """Each with the other live objects that its document makes, and the number of its own where several make it."""
    users: dict[tuple[str, int, Path], list[Declaration]] = {}
    for one in found:
        if not one.is_rendered:
            users.setdefault((one.path, one.document, one.base), []).append(one)
    spend(sum(len(each) ** 2 for each in users.values()) // 4)
    return tuple(
        one
        if one.is_rendered or len(users[one.path, one.document, one.base]) < 2
        else replace(
            one,
            number=numbers.get(id(one)),
            shared=tuple(
                dict.fromkeys(
                    other.label
                    for other in users[one.path, one.document, one.base]
                    if other is not one and numbers.get(id(other), id(other)) != numbers.get(id(one), id(one))
                )
            ),
        )
        for one in found
    )


def _without_duplicates(found: Iterable[Declaration]) -> tuple[Declaration, ...]:
    """By place; a document that is applied to one live object twice counts once."""
    kept: dict[tuple[object, ...], Declaration] = {}
    for one in found:
        live = one.label if one.number is None and one.applied else one.number
        kept.setdefault((one.identity, one.path, one.document, one.base, live), one)
    return tuple(sorted(kept.values(), key=lambda one: (one.path, one.line, str(one.identity))))


def desired_of_documents(texts: Mapping[str, str], origin: Origin) -> Desired:
    """Of texts that stand each for itself, named for what they hold: nothing builds or applies them."""
    found = tuple(
        replace(declare_as_written(path, text, document, base, value, None), line=0)
        for path, text in texts.items()
        for document, base, value in cnpg_documents(text)
    )
    return Desired("", "", found, (), {}, texts, everything=found, origin=origin)


def desired_after(before: Desired, changes: Iterable[FileChange]) -> Desired:
    """The same, once the files are changed.

    Built of what it was built of, so that texts which were read beside it for something else make no difference.
    """
    asked = tuple(changes)
    made = {one.path: one.after for one in asked}
    texts = _with_changes(before.texts, made)
    if before.tree is None:
        return desired_of_documents(texts, before.origin)
    # What proves an edit and what delivers it ask for the same.
    known = before.tree.memo.get(_AFTER)
    if known is None or known[0] is not before or known[1] != asked:
        built = build_desired(
            _with_changes(before.tree.files, made),
            commit=before.commit,
            folder=before.folder,
            remotes=before.remotes,
            revision=before.revision,
            others=before.tree.others,
            known=before,
            made=before.made,
        )
        known = before.tree.memo[_AFTER] = before, asked, replace(built, texts=texts, only=before.only)
    after: Desired = known[2]
    return after


def _with_changes(files: Mapping[str, str], made: Mapping[str, str | None]) -> dict[str, str]:
    return {path: text for path, text in {**files, **made}.items() if text is not None}

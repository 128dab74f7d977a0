"""What the repository declares, how, what nothing applies, and which Clusters can be edited where they stand."""

from __future__ import annotations

import posixpath
import re
import time
from collections import Counter
from collections.abc import Iterator

from gitops_mcp.answers.setup import CheckRow
from gitops_mcp.app import Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.editing.field import set_field
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.objects import Path
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.errors import GitOpsError
from gitops_mcp.workflows.setup.checks import row

_SECONDS = 10.0
"""For the trials of edits in an environment."""
_REASONS = 5
_PLACE = re.compile(r"(?<!\S)\S+\.ya?ml(?::\d+)?")
_EDITS: tuple[tuple[str, Path, object], ...] = (
    ("instances", ("spec", "instances"), 7),
    ("storage", ("spec", "storage", "size"), "9000Gi"),
    ("a parameter", ("spec", "postgresql", "parameters", "work_mem"), "23MB"),
)
_HELM = "put helm on PATH of the server, or install gitops-mcp with its extra helm"


def layout_rows(ground: Ground, environment: Environment, desired: Desired) -> Iterator[CheckRow]:
    if (
        ground.settings.environments
        and environment.path
        and not ground.repository.has_folder(desired.commit, environment.path)
    ):
        mend = f"set environments.{environment.name}.path to a folder of the base, or make it"
        yield row("repository", "path", "fail", f"there is no folder {environment.path} at the base", mend)
    if desired.only is None:  # else what is not known may be somebody else's
        for one in desired.skipped[:_REASONS]:
            yield row("repository", "manifests", "warn", f"{one}; the file is passed over", f"mend {one.path}")
        yield from _more("manifests", len(desired.skipped), "file that is passed over")
        yield from _chart_rows(desired)
    idle = list(_unapplied(desired))
    for place, path, reason in idle[:_REASONS]:
        found = f"{place} is applied by nothing: {reason}"
        yield row("repository", "applied", "warn", found, _apply_mend(desired, path))
    yield from _more("applied", len(idle), "Cluster that nothing applies")
    if not desired.clusters:
        yield row("repository", "Clusters", "ok", f"no Cluster is declared in {environment.path or 'the repository'}")
        return
    met = Counter(_layout(one) for one in desired.clusters)
    told = ", ".join(f"{count} by {how}" for how, count in met.most_common())
    yield row("repository", "layouts", "ok", f"{pluralize(len(desired.clusters), 'Cluster')}: {told}")
    yield from _editable_rows(desired)


def _more(check: str, count: int, what: str) -> Iterator[CheckRow]:
    if count > _REASONS:
        yield row("repository", check, "warn", f"and {count - _REASONS} more: {what}")


def _unapplied(desired: Desired) -> Iterator[tuple[str, str, str]]:
    """Clusters by their places, with the file and why."""
    for idle in desired.unreached:
        if idle.identity.kind == "Cluster" and desired.shows(idle.identity):
            yield f"{idle.identity} at {idle.place}", idle.path, idle.reason
    for one in desired.clusters:
        if one.applied is None and one.root is None and not one.is_rendered:
            above = desired.governing(posixpath.dirname(one.path))
            if above is not None and not above.reaches(one.path):
                yield f"{one.identity} at {one.place}", one.path, f"{above.path} does not list it"


def _apply_mend(desired: Desired, path: str) -> str:
    governing = desired.governing(posixpath.dirname(path))
    if governing is None or governing.reaches(path):
        return f"have an Application or Kustomization apply {posixpath.dirname(path) or 'the root'}, or remove {path}"
    entry = posixpath.relpath(path, governing.folder or ".")
    return f"add `- {entry}` to resources of {governing.path} and have an engine apply that, or remove {path}"


def _layout(one: Declaration) -> str:
    if one.release is not None:
        return "values of a chart"
    if one.made is not None:
        return "a template of an engine object"
    by = f" ({one.applied.engine} {one.applied.kind})" if one.applied else ""
    if one.produced is None or one.root is None:
        return f"a manifest{by}"
    return f"{'an overlay' if len(one.produced.layers) > 1 else 'a kustomization'}{by}"


def _chart_rows(desired: Desired) -> Iterator[CheckRow]:
    open_ones = list(dict.fromkeys(one.reason for one in desired.hidden if one.is_open))
    for reason in open_ones[:_REASONS]:
        yield row("repository", "charts", "warn", reason, _HELM if "not installed" in reason else "mend that chart")


def _editable_rows(desired: Desired) -> Iterator[CheckRow]:
    """A trial of three edits of each Cluster, in the order of the files, as long as there is time."""
    end = time.monotonic() + _SECONDS
    reasons: dict[str, list[tuple[Declaration, str]]] = {}
    placed: Counter[str] = Counter()
    seen = 0
    for one in desired.clusters:
        if seen and time.monotonic() > end:
            break
        seen += 1
        refused = dict(_refusals(desired, one))
        placed.update(what for what, *_ in _EDITS if what not in refused)
        for what, why in refused.items():
            alike = _PLACE.sub("", why.replace(str(one.identity), ""))
            reasons.setdefault(f"{what} {alike}", []).append((one, f"{what} cannot be edited: {why}"))
    part = "" if seen == len(desired.clusters) else f" (of {len(desired.clusters)}, in {_SECONDS:g} s)"
    shares = ", ".join(f"{what} in {placed[what]}" for what, *_ in _EDITS)
    yield row("repository", "edits", "ok", f"of {pluralize(seen, 'Cluster')}{part} can be edited: {shares}")
    ranked = sorted(reasons.values(), key=lambda each: -len(each))
    for ones in ranked[:_REASONS]:
        (one, why), others = ones[0], f" and {len(ones) - 1} more" if ones[1:] else ""
        mend = f"mend what it names, or edit {one.place} by hand"
        yield row("repository", "edits", "warn", f"{one.identity}{others}: {why}", mend)
    yield from _more("edits", len(ranked), "reason")


def _refusals(desired: Desired, one: Declaration) -> Iterator[tuple[str, str]]:
    for what, path, value in _EDITS:
        try:
            set_field(desired, one, path, value)
        except GitOpsError as error:
            yield what, str(error)

"""What a forge prints after a push; GitLab makes and changes merge requests by the options of one.

A push option that fails does not fail the push: the reason stands in a box among the lines, and unknown options are
dropped without a word.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from gitops_mcp.sandbox.forges.store import SandboxForge
from gitops_mcp.sandbox.forges.values import Pull, Repository, User
from gitops_mcp.sandbox.remote import git

Pushed = Mapping[str, tuple[str | None, str | None]]
"""By branch, its commit before and after; None: it was not there, or is gone."""
_MOST_BRANCHES = 10
_WIDTH = 72
_SEVERAL = ("label", "unlabel", "assign", "unassign")


class _Failed(Exception):
    """An option could not be acted on."""


@dataclass
class _Options:
    one: dict[str, str] = field(default_factory=dict)
    several: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, given: list[str]) -> _Options:
        found = cls()
        for option in given:
            name, has_value, value = option.partition("=")
            kind, _, name = name.partition(".")
            if kind not in {"merge_request", "mr"}:
                continue
            value = value.strip() if has_value else "true"
            if name in _SEVERAL:
                found.several.setdefault(name, []).append(value)
            else:
                found.one[name] = value
        return found

    def __bool__(self) -> bool:
        return bool(self.one or self.several)


def lines_of_push(
    forge: SandboxForge, web: str, repository: Repository, pushed: Pushed, options: list[str], *, by: User
) -> list[str]:
    kept = [branch for branch, (_, after) in pushed.items() if after and branch != repository.base]
    match forge.name:
        case "github":
            new = [one for one in kept if pushed[one][0] is None and forge.find_open(repository, one) is None]
            return [line for one in new for line in _github_lines(web, repository, one)]
        case "gitea":
            lines = [line for one in kept for line in _gitea_lines(forge, web, repository, one)]
            return [*lines, f". Processing {len(pushed)} references", f"Processed {len(pushed)} references in total"]
        case "gitlab":
            wanted = _Options.of(options)
            failed = _act(forge, repository, kept, wanted, by) if wanted else []
            lines = [line for words in failed for line in _box(options, words)]
            return [*lines, *(line for one in kept for line in _gitlab_lines(forge, web, repository, one))]


def _github_lines(web: str, repository: Repository, branch: str) -> list[str]:
    page = f"{web}/{repository.full_name}/pull/new/{branch}"
    return ["", f"Create a pull request for '{branch}' on GitHub by visiting:", f"     {page}", ""]


def _gitea_lines(forge: SandboxForge, web: str, repository: Repository, branch: str) -> list[str]:
    if found := forge.find_open(repository, branch):
        page = f"{web}/{found.target.full_name}/pulls/{found.number}"
        return ["", "Visit the existing pull request:", f"  {page}", ""]
    page = f"{web}/{repository.full_name}/pulls/new/{branch}"
    return ["", f"Create a new pull request for '{branch}':", f"  {page}", ""]


def _gitlab_lines(forge: SandboxForge, web: str, repository: Repository, branch: str) -> list[str]:
    if not repository.settings.prints_links:
        return []
    if found := forge.find_open(repository, branch):
        page = f"{web}/{found.target.full_name}/-/merge_requests/{found.number}"
        return ["", f"View merge request for {branch}:", f"  {page}", ""]
    asked = f"merge_request%5Bsource_branch%5D={quote(branch, safe='')}"
    page = f"{web}/{repository.full_name}/-/merge_requests/new?{asked}"
    return ["", f"To create a merge request for {branch}, visit:", f"  {page}", ""]


def _box(options: list[str], words: str) -> list[str]:
    named = " ".join(f"'{one}'" for one in options)
    text = f"Error encountered with push options {named}: {words}"
    wrapped = [line.center(_WIDTH).rstrip() for line in textwrap.wrap(text, _WIDTH - 12)]
    return ["", "=" * _WIDTH, "", "WARNINGS:".center(_WIDTH).rstrip(), "", *wrapped, "", "=" * _WIDTH, ""]


def _act(forge: SandboxForge, repository: Repository, branches: list[str], options: _Options, by: User) -> list[str]:
    """What went wrong."""
    if len(branches) > _MOST_BRANCHES:
        return [f"Too many branches pushed ({len(branches)} were pushed, limit is {_MOST_BRANCHES})"]
    failed = []
    for branch in branches:
        try:
            _act_on(forge, repository, branch, options, by)
        except _Failed as error:
            failed.append(str(error))
    return failed


def _act_on(forge: SandboxForge, source: Repository, branch: str, options: _Options, by: User) -> None:
    target = _target(forge, source, options)
    base = options.one.get("target")
    if base is not None and base not in target.tips:
        raise _Failed(f"Target branch {target.full_name}:{base} does not exist")
    found = forge.find_open(source, branch)
    # From a fork the one that is open is looked for in the fork's own project.
    if found and found.target is not source:
        if "create" in options.one:
            words = "Another open merge request already exists for this source branch"
            raise _Failed(f"{words}: !{found.number}")
        found = None
    if found is None:
        if "create" not in options.one:
            words = "A merge_request.create push option is required to create a merge request for branch"
            raise _Failed(f"{words} {branch}")
        found = _create(forge, source, target, branch, base or target.base, by)
    _change(forge, found, options, base)


def _target(forge: SandboxForge, source: Repository, options: _Options) -> Repository:
    wanted = options.one.get("target_project")
    if wanted is None:
        return source.parent or source
    for one in forge.repositories:
        if wanted in {one.full_name, str(one.id)} and (one is source or source.parent is one):
            return one
    raise _Failed(f"Projects {source.full_name} and {wanted} are not in the same network")


def _create(forge: SandboxForge, source: Repository, target: Repository, branch: str, base: str, by: User) -> Pull:
    """Named and described by its first commit until an option says otherwise; the pusher is assigned."""
    commits = git("rev-list", "--reverse", f"{target.tips[base]}..{branch}", cwd=source.path).decode().split()
    message = git("log", "-1", "--format=%B", commits[0] if commits else branch, cwd=source.path).decode()
    title, _, rest = message.partition("\n")
    body = rest.strip() if len(commits) == 1 else ""
    pull = forge.open_pull(branch, by=by.login, title=title, body=body, base=base, source=source, target=target)
    pull.assignees = [by]
    return pull


def _change(forge: SandboxForge, pull: Pull, options: _Options, base: str | None) -> None:
    """The two characters of an escaped line feed are one in a description, in a title they stay."""
    body = options.one.get("description")
    title = options.one.get("title", pull.title)
    if options.one.get("draft") == "true" and not pull.draft and not title.lower().startswith("draft:"):
        title = f"Draft: {title}"
    forge.edit(pull, title=title, body=None if body is None else body.replace("\\n", "\n"), base=base)
    removed = options.several.get("unlabel", [])
    pull.labels[:] = dict.fromkeys(
        one for one in (*pull.labels, *options.several.get("label", ())) if one not in removed
    )
    for name in pull.labels:
        pull.target.labels.setdefault(name, forge.new_id())
    for name in options.several.get("assign", ()):
        if name in pull.target.roles:
            pull.assignees.append(forge.user(name))
    pull.squash = options.one.get("squash", str(pull.squash)).lower() == "true"
    pull.remove_branch = options.one.get("remove_source_branch", str(pull.remove_branch)).lower() == "true"

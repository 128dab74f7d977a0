"""The one write to a cluster in git delivery: a Secret of provider `cluster`, made with the commit or not at all.

It is made before the commit, so that no reviewed change waits for a Secret that does not come, and taken back where
the commit fails. For a server that is killed in between there is a note beside the repository, held locked as long as
its process lives: the next server to touch the repository takes back what a dead one's note names, unless the commit
that goes with it has been published, or a role reads its password there all the same: a merge may have rewritten what
that commit said.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_mcp.adapters.git.history import Commit
from gitops_mcp.adapters.kube import Kube
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.kinds import CLUSTER, DATABASE_ROLE
from gitops_mcp.domain.objects import at
from gitops_mcp.domain.plans.plan import NO_TRAILERS, Plan
from gitops_mcp.errors import Forbidden, GitOpsError, NotInstalled, Raced, Refused, Unavailable

if TYPE_CHECKING:
    from gitops_mcp.adapters.secrets.cluster import ClusterSecrets

log = logging.getLogger(__name__)

TRAILER = "Gitops-Mcp-Secret"
DIRECT = "Direct"
"""Stands for the change where there is none, and can be no name of one. A role that names the Secret is then what a
commit is otherwise."""
_FOLDER = "gitops-mcp-secrets"
"""In the common git folder, beside the one that whoever holds the lock sweeps."""


@dataclass(frozen=True)
class MadeSecret:
    """A Secret that a commit speaks of in its trailer."""

    environment: str
    namespace: str
    name: str
    request: str

    def __str__(self) -> str:
        return f"{self.environment} {self.namespace}/{self.name} {self.request}"

    @classmethod
    def of(cls, commit: Commit) -> MadeSecret | None:
        value = next((value for key, value in commit.trailers if key == TRAILER), None)
        words = value.split(" ") if value else []
        if len(words) != 3 or words[1].count("/") != 1:
            return None
        namespace, _, name = words[1].partition("/")
        return cls(words[0], namespace, name, words[2])


@contextmanager
def write_secrets(
    app: App, ground: Ground, environment: Environment, plan: Plan, *, change: str
) -> Iterator[Mapping[str, str]]:
    """Makes what the plan writes; taken back when the block fails. Gives the trailers that a commit has to carry.

    `change` is DIRECT where the block applies and does not commit.
    """
    if not plan.writes:
        yield NO_TRAILERS
        return
    from gitops_mcp.adapters.secrets.interface import WantedSecret

    if environment.protected:
        raise unprotected_only(environment)
    provider = _cluster_secrets(app.kube(environment, ground.settings))
    (write,) = plan.writes
    wanted = WantedSecret(write.namespace, write.name, write.username)
    if write.how == "rotate":
        yield NO_TRAILERS
        provider.rotate(wanted)
        return
    made = MadeSecret(environment.name, write.namespace, write.name, secrets.token_hex(8))
    with _write_note(ground.repository.common_dir, made, change) as note:
        try:
            provider.put(wanted, change=change, owner=made.request)
            yield {TRAILER: str(made)}
        except Exception as error:
            _take_back(app, ground, note, made, change, error)
            raise
        note.unlink(missing_ok=True)


def unprotected_only(environment: Environment) -> Refused:
    return Refused(
        f"environment {environment.name!r} is protected: no Secret is written to its API. Set passwords.provider to "
        f"one that leaves a sealed document in Git, or name a Secret with password_source=existing:<name>"
    )


def _cluster_secrets(kube: Kube) -> ClusterSecrets:
    from gitops_mcp.adapters.secrets.cluster import ClusterSecrets

    return ClusterSecrets(kube)


def _take_back(app: App, ground: Ground, note: Path, made: MadeSecret, change: str, error: Exception) -> None:
    """Removes what was made for a commit that failed; where that cannot be, the note stays for the next call."""
    try:
        if change != DIRECT and isinstance(error, Unavailable) and not isinstance(error, Raced):
            # The answer may be what was lost, not the push; what was known before says nothing of that.
            ground = app.ground(fetch=True)
        settled = _settle_secret(app, ground, made, change)
    except GitOpsError as failed:
        error.add_note(str(failed))
        settled = False
    if settled:
        note.unlink(missing_ok=True)
    else:
        log.warning("Secret %s/%s is not taken back yet; the next call tries again", made.namespace, made.name)


def take_back_secrets(app: App, ground: Ground) -> None:
    """Takes back what servers that died between Secret and commit have left. What cannot be yet stays noted."""
    folder = ground.repository.common_dir / _FOLDER
    for path in _notes(folder):
        with _take_note(path) as note:
            if note is None:
                continue
            try:
                settled = _settle_secret(app, ground, note.made, note.change)
            except GitOpsError as error:
                log.warning("a Secret that was left behind could not be taken back yet: %s", error)
                continue
            if settled:
                path.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


def _notes(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".json")
    except FileNotFoundError:  # there is none, or another one's sweep has just emptied it
        return []


def _settle_secret(app: App, ground: Ground, made: MadeSecret, change: str) -> bool:
    """Whether nothing is left to do: the Secret is needed, or gone. False, or an error: it cannot be told yet."""
    environment = ground.settings.environments.get(made.environment)
    if environment is None:
        return False
    if change != DIRECT:
        from gitops_mcp.domain.plans.declared_roles import objects_naming_secret

        if ground.base.warning:  # what the remote has is not known, so the commit may be there
            return False
        if _is_published(ground, made, change):
            return True
        base = app.desired(ground, environment.path, ground.base.commit)
        if objects_naming_secret(base, made.namespace, made.name):
            return True
    kube = app.kube(environment, ground.settings)
    if _is_named(kube, made):
        return True
    try:
        provider = _cluster_secrets(kube)
        provider.remove(made.namespace, made.name, change=change, owner=made.request)
    except Forbidden:  # a right that is missing says nothing of whose it is
        raise
    except Refused as error:
        log.warning("Secret %s/%s is another one by now, and left alone: %s", made.namespace, made.name, error)
    return True


def discard_secrets(
    app: App, ground: Ground, commits: tuple[Commit, ...], *, change: str
) -> tuple[list[str], list[str]]:
    """Removes the Secrets that were made for a change; what was removed, and what a person has to."""
    removed, left = [], []
    for made in dict.fromkeys(found for one in commits if (found := MadeSecret.of(one))):
        environment = ground.settings.environments.get(made.environment)
        command = f"kubectl -n {made.namespace} delete secret {made.name}"
        if environment is None:
            left.append(
                f"Secret {made.namespace}/{made.name} stays: environment {made.environment!r} is not configured"
            )
            continue
        try:
            provider = _cluster_secrets(app.kube(environment, ground.settings))
            if provider.remove(made.namespace, made.name, change=change, owner=made.request):
                removed.append(f"{made.namespace}/{made.name}")
        except GitOpsError as error:
            left.append(f"Secret {made.namespace}/{made.name} stays: {error}. To remove it: {command}")
    return removed, left


def _is_named(kube: Kube, made: MadeSecret) -> bool:
    """Whether a live role reads its password from the Secret."""
    try:
        roles = list(kube.every(DATABASE_ROLE, made.namespace))
    except NotInstalled:
        roles = []
    specs = [at(one, "spec") for one in roles]
    for cluster in kube.every(CLUSTER, made.namespace):
        specs += at(cluster, "spec", "managed", "roles") or []
    return any(at(spec, "passwordSecret", "name") == made.name for spec in specs)


def _is_published(ground: Ground, made: MadeSecret, change: str) -> bool:
    """Whether the commit that the Secret was made for is on the change's branch, or in the base."""
    repository, base = ground.repository, ground.base
    found = repository.change(ground.git, base, change)
    commits = repository.commits(base.commit, found.tip) if found else ()
    return any(MadeSecret.of(one) == made for one in (*commits, *repository.commits_naming(base.commit, change)))


@contextmanager
def _write_note(common: Path, made: MadeSecret, change: str) -> Iterator[Path]:
    """A note of what is about to be made, locked while this process lives. Who has settled it removes it."""
    folder = common / _FOLDER
    path = folder / f"{made.request}.json"
    try:
        descriptor = _create_locked(path)
    except OSError as error:
        raise Unavailable(f"cannot write in {folder}: {error.strerror}") from error
    try:
        fields = [made.environment, made.namespace, made.name, made.request]
        os.write(descriptor, json.dumps({"made": fields, "change": change}).encode())
        os.fsync(descriptor)
        yield path
    finally:
        os.close(descriptor)
        with suppress(OSError):
            folder.rmdir()


def _create_locked(path: Path) -> int:
    """A new file, locked. A sweeper may take it, or its folder, before the lock is there: then it is made again."""
    while True:
        with suppress(FileExistsError):
            path.parent.mkdir()
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            continue
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if _is_at(path, descriptor):
            return descriptor
        os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


@dataclass(frozen=True)
class _Note:
    made: MadeSecret
    change: str


@contextmanager
def _take_note(path: Path) -> Iterator[_Note | None]:
    """A note whose writer is dead, held while it is dealt with; None where it lives, or has nothing to say."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield None
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        yield None
        return
    try:
        if not _is_at(path, descriptor):  # settled meanwhile; what is there now is another one
            yield None
            return
        text = path.read_text()
        if not text.endswith("}"):  # killed before the note was whole: then nothing had been made either
            path.unlink()
            yield None
            return
        said = json.loads(text)
        environment, namespace, name, request = said["made"]
        yield _Note(MadeSecret(environment, namespace, name, request), said["change"])
    finally:
        os.close(descriptor)

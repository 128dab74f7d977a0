"""The one write to a cluster in git delivery: a Secret of provider `cluster`, made with the commit or not at all.

It is made before the commit, so that no reviewed change waits for a Secret that does not come, and taken back where
the commit fails. For a server that is killed in between there is a note beside the repository (`left_secrets`).
"""

from __future__ import annotations

import logging
import secrets
import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from gitops_mcp.adapters.git.commits import Commit
from gitops_mcp.adapters.secrets.cluster import ClusterSecrets
from gitops_mcp.adapters.secrets.interface import WantedSecret
from gitops_mcp.adapters.secrets.notes import TRAILER, MadeSecret, keep_note, spare_note
from gitops_mcp.app import App, Ground
from gitops_mcp.caller import call_until, check_wanted
from gitops_mcp.config import Environment
from gitops_mcp.domain.plans.plan import NO_TRAILERS, Plan, SecretWrite
from gitops_mcp.errors import GitOpsError, MayArrive, Raced, Refused, Unavailable
from gitops_mcp.workflows.left_secrets import DIRECT, is_needed, settle_secret

log = logging.getLogger(__name__)


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
    if environment.protected:
        raise unprotected_only(environment)
    provider = ClusterSecrets(app.kube(environment, ground.settings))
    (write,) = plan.writes
    wanted = WantedSecret(write.namespace, write.name, write.username)
    check_wanted()
    if write.how != "create":
        yield NO_TRAILERS
        with call_until(None):
            if write.how == "rotate":
                provider.rotate(wanted)
            else:
                _remove_with_role(provider, write)
        return
    made = MadeSecret(environment.name, write.namespace, write.name, secrets.token_hex(8))
    with keep_note(ground.repository.common_dir, made, change) as note:
        try:
            provider.put(wanted, change=change, owner=made.request)
            yield {TRAILER: str(made)}
        except MayArrive as error:
            spare_note(note)
            error.again = (
                f"Secret {made.namespace}/{made.name}, which was made for it, is kept until that is known: meanwhile "
                f"the same request goes on with password_source='existing:{made.name}'"
            )
            raise
        except Exception as error:
            with call_until(None):
                if _is_taken_back(app, ground, made, change, error):
                    note.unlink(missing_ok=True)
            raise
        note.unlink(missing_ok=True)


def _remove_with_role(provider: ClusterSecrets, write: SecretWrite) -> None:
    """After its role, since an operator that still has the role would tell that its password is gone."""
    try:
        provider.remove(write.namespace, write.name)
    except GitOpsError as error:
        command = f"kubectl -n {shlex.quote(write.namespace)} delete secret {shlex.quote(write.name)}"
        raise error.with_text(
            f"the role is deleted, but Secret {write} stays: {error}. To remove it: {command}"
        ) from error


def unprotected_only(environment: Environment) -> Refused:
    return Refused(
        f"environment {environment.name!r} is protected: no Secret is written to its API. Set passwords.provider to "
        f"one that leaves a sealed document in Git, or name a Secret with password_source=existing:<name>"
    )


def _is_taken_back(app: App, ground: Ground, made: MadeSecret, change: str, error: Exception) -> bool:
    """Removes what was made for a commit that failed; where that cannot be, the note stays for the next call."""
    try:
        if change != DIRECT and isinstance(error, Unavailable) and not isinstance(error, Raced):
            # The answer may be what was lost, not the push; what was known before says nothing of that.
            ground = app.ground(fetch=True)
        if settle_secret(app, ground, made, change):
            return True
    except GitOpsError as failed:
        error.add_note(str(failed))
    log.warning("Secret %s/%s is not taken back yet; the next call tries again", made.namespace, made.name)
    return False


def discard_secrets(app: App, ground: Ground, commits: Iterable[Commit], *, change: str) -> tuple[list[str], list[str]]:
    """Removes the Secrets that were made for a change; what was removed, and what a person has to."""
    removed, left = [], []
    for made in dict.fromkeys(found for one in commits if (found := MadeSecret.of(one.trailers))):
        environment = ground.settings.environments.get(made.environment)
        command = f"kubectl -n {shlex.quote(made.namespace)} delete secret {shlex.quote(made.name)}"
        if environment is None:
            left.append(
                f"Secret {made.namespace}/{made.name} stays: environment {made.environment!r} is not configured"
            )
            continue
        try:
            if ground.base.warning or is_needed(app, ground, environment, made):
                why = (
                    "what the base has of it is not known" if ground.base.warning else "what is live or merged names it"
                )
                left.append(f"Secret {made.namespace}/{made.name} stays: {why}")
                continue
            provider = ClusterSecrets(app.kube(environment, ground.settings))
            if provider.remove(made.namespace, made.name, change=change, owner=made.request):
                removed.append(f"{made.namespace}/{made.name}")
        except GitOpsError as error:
            left.append(f"Secret {made.namespace}/{made.name} stays: {error}. To remove it: {command}")
    return removed, left

"""Secrets of provider `cluster` whose server died between Secret and commit: kept where they are needed, else removed.

The next server to touch the repository takes back what a dead one's note names, unless the commit that goes with it has
been published, or a role reads its password there all the same: a merge may have rewritten what that commit said.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from gitops_mcp.adapters.secrets.notes import MadeSecret, sweep_notes
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.kinds import CLUSTER, DATABASE_ROLE
from gitops_mcp.domain.objects import at, strings_in
from gitops_mcp.domain.plans.roles.declared_roles import objects_naming_secret
from gitops_mcp.errors import Forbidden, GitOpsError, NotInstalled, Refused

log = logging.getLogger(__name__)

DIRECT = "Direct"
"""Stands for the change where there is none, and can be no name of one. A role that names the Secret is then what a
commit is otherwise."""


def take_back_secrets(app: App, ground: Ground) -> None:
    """Takes back what servers that died between Secret and commit have left. What cannot be yet stays noted.

    A server that only reads leaves that to another one.
    """
    if app.read_only:
        return
    # It is done for nobody: a branch that the caller may not see is there all the same.
    app, ground = replace(app, impersonate=False), ground.whole or ground

    def settle(made: MadeSecret, change: str) -> bool:
        try:
            return settle_secret(app, ground, made, change)
        except GitOpsError as error:
            log.warning("a Secret that was left behind could not be taken back yet: %s", error)
            return False

    sweep_notes(ground.repository.common_dir, settle)


def settle_secret(app: App, ground: Ground, made: MadeSecret, change: str) -> bool:
    """Whether nothing is left to do: the Secret is needed, or gone. False, or an error: it cannot be told yet."""
    environment = ground.settings.environments.get(made.environment)
    if environment is None:
        return False
    if change != DIRECT:
        if ground.base.warning:  # what the remote has is not known, so the commit may be there
            return False
        if _is_published(ground, made, change):
            return True
    if is_needed(app, ground, environment, made, merged=change != DIRECT):
        return True
    kube = app.kube(environment, ground.settings)
    from gitops_mcp.adapters.secrets.cluster import ClusterSecrets

    try:
        ClusterSecrets(kube).remove(made.namespace, made.name, change=change, owner=made.request)
    except Forbidden:  # a right that is missing says nothing of whose it is
        raise
    except Refused as error:
        log.warning("Secret %s/%s is another one by now, and left alone: %s", made.namespace, made.name, error)
    return True


def is_needed(app: App, ground: Ground, environment: Environment, made: MadeSecret, *, merged: bool = True) -> bool:
    """Whether something live names the Secret, or something `merged`. Raises where that cannot be told."""
    if merged and any(
        objects_naming_secret(app.desired(ground, one.path, ground.base.commit), made.namespace, made.name)
        for one in ground.settings.environments.values()
    ):
        return True
    kube = app.kube(environment, ground.settings)
    try:
        roles = kube.every(DATABASE_ROLE, made.namespace)
    except NotInstalled:
        roles = ()
    live = (*roles, *kube.every(CLUSTER, made.namespace))
    return any(made.name in strings_in(at(one, "spec")) for one in live)


def _is_published(ground: Ground, made: MadeSecret, change: str) -> bool:
    """Whether the commit that the Secret was made for is on the change's branch, or in the base."""
    repository, base = ground.repository, ground.base
    found = repository.change(ground.git, base, change)
    commits = repository.commits(base.commit, found.tip) if found else ()
    merged = repository.commits_naming(base.commit, change)
    return any(MadeSecret.of(one.trailers) == made for one in (*commits, *merged))

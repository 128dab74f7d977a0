"""Warnings that more than one workflow gives."""

from __future__ import annotations

from gitops_mcp.app import Ground
from gitops_mcp.domain.notice import Notice
from gitops_mcp.errors import Forbidden


def base_warnings(ground: Ground | None) -> list[Notice]:
    """What is told of a base that could not be fetched: how old what is used instead is."""
    return [Notice("base-not-fetched", ground.base.warning)] if ground and ground.base.warning else []


def push_notices(ground: Ground) -> list[Notice]:
    """What of Git's configuration a push of ours leaves out, without what it says."""
    if not ground.base.pushes or not ground.repository.has_push_options:
        return []
    text = "Git's configuration has push.pushOption, which is for your own pushes: those of this server go without it"
    return [Notice("push-options-left-out", text)]


def forbidden_everywhere(error: Forbidden) -> Forbidden:
    """A refusal to list all namespaces, with the other way out: to ask for some of them only."""
    return Forbidden(f"{error}; or name the namespaces that this user may read in `namespaces:` of .gitops-mcp.yaml")

"""Warnings that more than one workflow gives."""

from __future__ import annotations

from gitops_mcp.app import Ground
from gitops_mcp.domain.notice import Notice
from gitops_mcp.errors import Forbidden


def base_warnings(ground: Ground | None) -> list[Notice]:
    """What is told of a base that could not be fetched: how old what is used instead is."""
    return [Notice("base-not-fetched", ground.base.warning)] if ground and ground.base.warning else []


def forbidden_everywhere(error: Forbidden) -> Forbidden:
    """A refusal to list all namespaces, with the other way out: to ask for some of them only."""
    return Forbidden(f"{error}; or name the namespaces that this user may read in `namespaces:` of .gitops-mcp.yaml")

"""Warnings that more than one workflow gives."""

from __future__ import annotations

from gitops_mcp.app import Ground
from gitops_mcp.domain.notice import Notice


def base_warnings(ground: Ground | None) -> list[Notice]:
    """What is told of a base that could not be fetched: how old what is used instead is."""
    return [Notice("base-not-fetched", ground.base.warning)] if ground and ground.base.warning else []

"""A forge for a fresh machine: GitHub, GitLab or Gitea, each with its own dialect, over bare repositories."""

from gitops_mcp.sandbox.forges.merging import MergeRefused, Way
from gitops_mcp.sandbox.forges.refusal import Refusal
from gitops_mcp.sandbox.forges.routing import Answer
from gitops_mcp.sandbox.forges.server import ForgeServer
from gitops_mcp.sandbox.forges.store import SandboxForge
from gitops_mcp.sandbox.forges.values import Rules

__all__ = ["Answer", "ForgeServer", "MergeRefused", "Refusal", "Rules", "SandboxForge", "Way"]

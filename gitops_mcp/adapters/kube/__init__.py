"""The Kubernetes API: objects by kind, whole lists by pages, and writes of one object each.

Delivery by git reads only; whoever writes must have been told so by a configuration (direct delivery, passwords as
Secrets in the cluster). The official client makes the connection (TLS, proxies, its pool); the requests are raw, since
its models take half a second to load and seconds to fill for a long list. It is imported on the first request, never at
start.
"""

from __future__ import annotations

from gitops_mcp.adapters.kube.answers import OutcomeUnknown
from gitops_mcp.adapters.kube.client import Kube, WriteAnswer
from gitops_mcp.adapters.kube.reader import ObjectPage

__all__ = ["Kube", "ObjectPage", "OutcomeUnknown", "WriteAnswer"]

"""The Kubernetes API, read: objects by kind, whole lists by pages, and what the caller may do.

Only GETs and the POST of a self-subject access review are here, so that delivery by git cannot write to the API. The
official client makes the connection (TLS, proxies, its pool); the requests are raw, since its models take half a
second to load and seconds to fill for a long list. It is imported on the first request, never at start.
"""

from __future__ import annotations

from gitops_mcp.adapters.kube.client import Kube, Page
from gitops_mcp.adapters.kube.start import KubeStart, kube_start

__all__ = ["Kube", "KubeStart", "Page", "kube_start"]

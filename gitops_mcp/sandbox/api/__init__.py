"""A Kubernetes API in memory, as honest as a client can tell: `Store` keeps the objects, `Api` serves them.

What is left out is named where a client would meet it: no server-side apply and no managedFields, no CEL
rules, no Table output, no admission webhooks, no controllers but garbage collection and namespaces.
"""

from gitops_mcp.sandbox.api.admission import Write
from gitops_mcp.sandbox.api.errors import ApiError
from gitops_mcp.sandbox.api.server import Api, kubeconfig
from gitops_mcp.sandbox.api.store import Store

__all__ = ["Api", "ApiError", "Store", "Write", "kubeconfig"]

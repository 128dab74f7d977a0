"""A Kubernetes API in memory, as honest as a client can tell: `Store` keeps the objects, `Api` serves them.

Left out: CEL rules, Table output, admission webhooks, bodies in protobuf, versions of a kind but the stored one,
changes of CRDs, and controllers but those of garbage and namespaces. Custom kinds are validated by their schemas; of
built-in ones only metadata is.
"""

from gitops_mcp.sandbox.api.admission import Write
from gitops_mcp.sandbox.api.errors import ApiError
from gitops_mcp.sandbox.api.server import Api, kubeconfig
from gitops_mcp.sandbox.api.store import Store

__all__ = ["Api", "ApiError", "Store", "Write", "kubeconfig"]

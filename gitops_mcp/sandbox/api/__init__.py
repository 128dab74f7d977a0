"""A Kubernetes API in memory, as honest as a client can tell: `Store` keeps the objects, `Api` serves them.

Left out: CEL rules, Table output, admission webhooks, bodies in protobuf, versions of a kind but the stored one,
changes of CRDs, and controllers but those of garbage and namespaces. Custom kinds are validated by their schemas; of
built-in ones only metadata is.
"""

from gitops_mcp.sandbox.api.server import SandboxApi, kubeconfig_text
from gitops_mcp.sandbox.store.admission import WriteOptions
from gitops_mcp.sandbox.store.errors import ApiError
from gitops_mcp.sandbox.store.store import Store

__all__ = ["ApiError", "SandboxApi", "Store", "WriteOptions", "kubeconfig_text"]

"""A Kubernetes API in memory, as honest as a client can tell: `Store` keeps the objects, `Api` serves them.

Custom kinds are judged as a real server judges them, with CEL rules and ratcheting, CloudNativePG's by its webhooks
too; the words on a field are often the product's own. Of built-in kinds only metadata is judged. Left out: Table
output, bodies in protobuf, versions of a kind but the stored one, changes of CRDs, what the operator's webhooks only
warn of, and controllers but those of garbage and namespaces.
"""

from gitops_mcp.sandbox.api.server import SandboxApi, kubeconfig_text
from gitops_mcp.sandbox.store.checks.admission import WriteOptions
from gitops_mcp.sandbox.store.errors import ApiError
from gitops_mcp.sandbox.store.store import Store

__all__ = ["ApiError", "SandboxApi", "Store", "WriteOptions", "kubeconfig_text"]

"""The CustomResourceDefinitions of CloudNativePG and of its Barman plugin, without their descriptions.

NOTICE says whose they are.

They judge what is to be committed where no schema can be read from the API server, and the sandbox serves the
operator's. They are of one version, so a fault that they find says nothing of an operator that is known to be another.
"""

from __future__ import annotations

import gzip
import json
import pkgutil
from collections.abc import Iterator
from functools import cache

from gitops_mcp.domain.objects import CNPG_GROUP, Object, Resource, at, list_at
from gitops_mcp.domain.schema import Schema, compile_schema

VERSION = (1, 30, 0)
LABEL = f"CloudNativePG {'.'.join(map(str, VERSION))}"
PLUGIN_LABEL = "plugin Barman Cloud 0.14.0"
_ENDING = ".json.gz"


@cache
def packaged_crd(plural: str) -> Object:
    """Not to be changed by who reads it."""
    found: Object = json.loads(gzip.decompress(pkgutil.get_data(__name__, f"{plural}{_ENDING}") or b""))
    return found


def packaged_crds() -> Iterator[Object]:
    """Those of the operator."""
    from importlib.resources import files

    for one in sorted(files(__name__).iterdir(), key=lambda one: one.name):
        if one.name.endswith(_ENDING):
            crd = packaged_crd(one.name.removesuffix(_ENDING))
            yield from [crd] if at(crd, "spec", "group") == CNPG_GROUP else ()


def packaged_schema(resource: Resource) -> Schema:
    found = schema_in_crd(packaged_crd(resource.plural), resource.version)
    return compile_schema(found or {}, key=f"packaged {resource.kind}")


def schema_in_crd(crd: Object, version: str) -> Object | None:
    for one in list_at(crd, "spec", "versions"):
        if at(one, "name") == version:
            found: Object | None = at(one, "schema", "openAPIV3Schema")
            return found
    return None

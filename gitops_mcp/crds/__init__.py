"""CloudNativePG's CustomResourceDefinitions, without their descriptions; NOTICE says whose they are.

They judge what is to be committed where no schema can be read from the API server, and the sandbox serves them. They
are of one version, so a fault that they find says nothing of an operator that is known to be another.
"""

from __future__ import annotations

import gzip
import json
import pkgutil
from collections.abc import Iterator
from functools import cache

from gitops_mcp.domain.objects import Object

VERSION = (1, 30, 0)
LABEL = f"CloudNativePG {'.'.join(map(str, VERSION))}"
_ENDING = ".json.gz"


@cache
def packaged_crd(plural: str) -> Object:
    """Not to be changed by who reads it."""
    found: Object = json.loads(gzip.decompress(pkgutil.get_data(__name__, f"{plural}{_ENDING}") or b""))
    return found


def packaged_crds() -> Iterator[Object]:
    from importlib.resources import files

    for one in sorted(files(__name__).iterdir(), key=lambda one: one.name):
        if one.name.endswith(_ENDING):
            yield packaged_crd(one.name.removesuffix(_ENDING))

"""What a file of ClusterRoles grants, as values to compare with what was asked of an API."""

from __future__ import annotations

import yaml

Triple = tuple[str, str, str]
"""API group (empty for the core one), resource, verb."""


def granted(text: str) -> frozenset[Triple]:
    """Everything that the roles of the file grant together; a wildcard stays one."""
    return frozenset(
        (group, resource, verb)
        for role in yaml.safe_load_all(text)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    )

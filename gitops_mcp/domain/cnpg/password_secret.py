"""The Secret that a role's password is read from, as far as it can be spoken of without the password."""

from __future__ import annotations

import re

from gitops_mcp.errors import InvalidRequest

BASIC_AUTH = "kubernetes.io/basic-auth"
RELOAD = "cnpg.io/reload"
"""A label: the operator watches a Secret that has it (CNPG, docs/src/declarative_role_management)."""
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST = 253


def checked_secret_name(name: str, *, field: str = "password_source") -> str:
    """A DNS-1123 subdomain (Kubernetes, Secret metadata.name).

    What was given is not repeated: where the name of a Secret is asked for, people give the password itself.
    """
    if len(name) > _LONGEST or not _SUBDOMAIN.fullmatch(name):
        raise InvalidRequest(
            f"{field}: that is not the name of a Secret: at most {_LONGEST} characters, lower-case letters, digits, "
            f"'-' and '.', starting and ending with a letter or digit, such as 'orders-app'"
        )
    return name

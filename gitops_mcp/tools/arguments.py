"""The arguments of tools, said once: what each means, its type and its bounds, as they reach the JSON Schema."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict

Environment = Annotated[
    str | None,
    Field(description="Environment of .gitops-mcp.yaml; may be left out when there is only one", max_length=63),
]
Namespace = Annotated[
    str | None, Field(description="Kubernetes namespace; left out: the only object of that name", max_length=63)
]
AllNamespaces = Annotated[str | None, Field(description="Kubernetes namespace; left out: all allowed", max_length=63)]
NewNamespace = Annotated[
    str | None,
    Field(
        description="Namespace to create it in; left out: the environment's only one, else the context's", max_length=63
    ),
]
ClusterName = Annotated[
    str, Field(description="metadata.name of the Cluster: a DNS-1035 label", min_length=1, max_length=50)
]
Instances = Annotated[
    int, Strict(), Field(description="PostgreSQL instances: one primary, the others replicas", ge=1, le=100)
]
DetailLevel = Annotated[
    Literal["concise", "detailed"], Field(description="concise: what one needs first; detailed: everything")
]
Limit = Annotated[int, Strict(), Field(description="Most items in one answer", ge=1, le=500)]
Cursor = Annotated[
    str | None, Field(description="cursor of the answer before, with the same other arguments", max_length=4096)
]
Change = Annotated[
    str | None,
    Field(
        description="Change (branch) to put this into, new or open; left out: a name made from the request",
        max_length=63,
    ),
]
ChangeName = Annotated[
    str, Field(description="Name of the change, as list_changes gives it", min_length=1, max_length=63)
]
ChangeState = Annotated[
    Literal["open", "merged", "applied", "all"],
    Field(description="open: not merged yet; merged: merged, applied or not; applied: live as well"),
]
Reason = Annotated[
    str | None, Field(description="Why, in a sentence; goes into the commit message. Never a secret", max_length=1000)
]
DryRun = Annotated[bool, Strict(), Field(description="Return the diff and the checks, write nothing")]
Confirm = Annotated[bool, Strict(), Field(description="true only after the person has agreed to what would be lost")]
StorageSize = Annotated[
    str, Field(description="Volume of each instance, a Kubernetes quantity such as 10Gi; can grow later", max_length=32)
]
PostgresVersion = Annotated[
    str, Field(description="Major such as 18, or a full image tag such as 18.4-standard-trixie", max_length=128)
]
StorageClass = Annotated[str | None, Field(description="StorageClass; left out: the cluster's default", max_length=253)]
Parameters = Annotated[
    dict[str, str] | None,
    Field(description='postgresql.conf parameters, values as strings: {"max_connections": "200"}', max_length=200),
]
DatabaseName = Annotated[str, Field(description="First database, made at bootstrap", min_length=1, max_length=63)]
Owner = Annotated[str | None, Field(description="Its owner; left out: named like the database", max_length=63)]
Wait = Annotated[bool, Strict(), Field(description="Acts in direct delivery only; here the call returns at once")]
Timeout = Annotated[
    int | None, Strict(), Field(description="Seconds to wait, with wait; default 60 an instance", ge=30, le=600)
]

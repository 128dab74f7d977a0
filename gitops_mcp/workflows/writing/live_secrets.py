"""What the API has under the name of a new Secret: metadata alone is asked for, which takes the right to read it."""

from __future__ import annotations

from dataclasses import replace

from gitops_mcp.domain.kinds import SECRET
from gitops_mcp.domain.objects import Object, Resource, at, list_at
from gitops_mcp.domain.plans.passwords.live_secret import LiveSecretMaker, NameInUse
from gitops_mcp.domain.plans.passwords.password_provider import MAKER_KINDS
from gitops_mcp.domain.plans.passwords.secret_documents import Maker
from gitops_mcp.errors import Forbidden, NotInstalled, Unavailable
from gitops_mcp.workflows.view import View


def look_at_name(view: View, namespace: str, secret: str, name: Maker) -> NameInUse:
    found, unseen, why = [], [], ""
    for resource in (SECRET, *MAKER_KINDS.get(name, ())):
        try:
            one = view.api.metadata(_as_served(view, resource), namespace, secret)
        except NotInstalled:
            continue
        except (Forbidden, Unavailable) as error:
            unseen.append(resource.kind)
            why = why or ("that may not be read here" if isinstance(error, Forbidden) else "the API did not answer")
            continue
        if one is not None:
            found.append(_live_maker(view, resource, namespace, one["metadata"]))
    return NameInUse(tuple(found), tuple(unseen), why)


def _as_served(view: View, resource: Resource) -> Resource:
    """In the version that the API serves."""
    if not resource.group or view.api.serves(resource):
        return resource
    served = view.api.served_versions(resource)
    return replace(resource, version=served[0]) if served else resource


def _live_maker(view: View, resource: Resource, namespace: str, metadata: Object) -> LiveSecretMaker:
    makers, unread = [], ""
    for owner in list_at(metadata, "ownerReferences"):
        for kind in (kinds[0] for kinds in MAKER_KINDS.values() if kinds[0].kind == at(owner, "kind")):
            try:
                found = view.api.metadata(_as_served(view, kind), namespace, str(at(owner, "name")))
            except NotInstalled:
                found = None
            except (Forbidden, Unavailable):
                unread = f"{kind.kind} {at(owner, 'name')}"
                continue
            makers.append(None if found is None else found["metadata"])
    return LiveSecretMaker(resource.kind, metadata, tuple(makers), unread)

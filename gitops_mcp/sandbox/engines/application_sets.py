"""The controller of ApplicationSets: it keeps the Applications that the generators give, and takes away the others."""

from __future__ import annotations

from collections.abc import Mapping

from gitops_mcp.domain import kinds
from gitops_mcp.domain.engines.applicationsets.interpret import made_applications
from gitops_mcp.domain.engines.applicationsets.rows import Repository
from gitops_mcp.domain.engines.applies import LocatedObject
from gitops_mcp.domain.engines.go_template.values import Fails, NotKnown
from gitops_mcp.domain.engines.reading import TextPlace
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.api import Store
from gitops_mcp.sandbox.remote import BASE, SandboxRemote


class ApplicationSets:
    def __init__(self, store: Store, remote: SandboxRemote) -> None:
        self._store, self._remote = store, remote
        self._seen: dict[str, tuple[object, ...]] = {}

    def reconcile(self, one: Object) -> None:
        """Once for each commit of the base and each change of the set."""
        metadata, tip = one["metadata"], self._remote.tip()
        turn = (metadata["generation"], tip)
        if tip is None or self._seen.get(metadata["uid"]) == turn:
            return
        self._seen[metadata["uid"]] = turn
        around = Repository(_texts(self._remote.files(tip)), (), (), (self._remote.url,), BASE)
        try:
            made = made_applications(LocatedObject(one, TextPlace("", 0, (), 1)), around)
        except Fails as error:
            self._tell(one, "True", f"{error}")
            return
        except NotKnown as error:
            self._tell(one, "True", error.reason)
            return
        wanted = {each["metadata"]["name"]: each for each in made}
        for name, application in wanted.items():
            self._keep(one, name, application)
        for live in self._store.list(kinds.APPLICATION, metadata["namespace"]):
            if _is_of(one, live) and live["metadata"]["name"] not in wanted:
                self._store.delete(kinds.APPLICATION, metadata["namespace"], live["metadata"]["name"])
        self._tell(one, "False", "All applications have been generated successfully")

    def _keep(self, owner: Object, name: str, application: Object) -> None:
        namespace, spec = owner["metadata"]["namespace"], application["spec"]
        there = {live["metadata"]["name"] for live in self._store.list(kinds.APPLICATION, namespace)}
        if name in there:
            self._store.change(kinds.APPLICATION, namespace, name, lambda live: {**live, "spec": spec})
            return
        kind = kinds.APPLICATION_SET
        reference = {
            "apiVersion": kind.api_version,
            "blockOwnerDeletion": True,
            "controller": True,
            "kind": kind.kind,
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
        }
        metadata = {**application["metadata"], "namespace": namespace, "ownerReferences": [reference]}
        made = {"apiVersion": kinds.APPLICATION.api_version, "kind": kinds.APPLICATION.kind}
        self._store.create(kinds.APPLICATION, {**made, "metadata": metadata, "spec": spec})

    def _tell(self, one: Object, failed: str, message: str) -> None:
        condition = {"type": "ErrorOccurred", "status": failed, "message": message}
        status = {"conditions": [condition]}
        place = one["metadata"]["namespace"], one["metadata"]["name"]
        self._store.change(kinds.APPLICATION_SET, *place, lambda live: {**live, "status": status}, subresource="status")


def _is_of(owner: Object, live: Object) -> bool:
    uids = [reference.get("uid") for reference in at(live, "metadata", "ownerReferences") or ()]
    return owner["metadata"]["uid"] in uids


def _texts(files: Mapping[str, bytes]) -> dict[str, str]:
    """Of what a generator may read; the others are there by their names."""
    readable = (".yaml", ".yml", ".json")
    return {path: text.decode(errors="replace") if path.endswith(readable) else "" for path, text in files.items()}

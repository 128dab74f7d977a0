"""ObjectStores of the Barman Cloud plugin: what one says, which ones there are, and whose archives lie in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gitops_mcp.domain.cnpg.status.backups import BARMAN_PLUGIN, IN_TREE
from gitops_mcp.domain.kinds import CLUSTER, OBJECT_STORE
from gitops_mcp.domain.names import ClusterRef, check_object_name
from gitops_mcp.domain.objects import Object, at, list_at, mapping_at, text_at
from gitops_mcp.domain.redact import may_be_secret
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.errors import InvalidRequest

_RETENTION = re.compile(r"([1-9][0-9]*)([dwm])")
_DAYS = {"d": 1, "w": 7, "m": 30}
_DESTINATION = re.compile(r"(?:s3|gs)://[A-Za-z0-9][^\s@?#]*|https?://[A-Za-z0-9][^\s@?#]*")
_ENDPOINT = re.compile(r"https?://[A-Za-z0-9\[][^\s@?#]*")

Keys = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Provider:
    section: str
    keys: Keys
    """Fields of the section with the keys of the Secret that they name."""
    without: str
    """What is true where no Secret is named: the pod's own identity."""


_PROVIDERS: Mapping[str, _Provider] = {
    "s3": _Provider(
        "s3Credentials",
        (("accessKeyId", "ACCESS_KEY_ID"), ("secretAccessKey", "ACCESS_SECRET_KEY")),
        "inheritFromIAMRole",
    ),
    "gs": _Provider("googleCredentials", (("applicationCredentials", "gcsCredentials"),), "gkeEnvironment"),
    "https": _Provider("azureCredentials", (("connectionString", "AZURE_CONNECTION_STRING"),), "inheritFromAzureAD"),
}


@dataclass(frozen=True)
class NewStore:
    """An ObjectStore that is not there yet."""

    name: str
    configuration: Object
    secret_keys: tuple[str, ...] = ()
    """What its Secret has to hold, where one is named here."""
    secret: str = ""

    def manifest(self, namespace: str, retention: str | None) -> Object:
        """In CNPG's group, as a build knows it."""
        kept = {"retentionPolicy": retention} if retention else {}
        return {
            "apiVersion": CLUSTER.api_version,
            "kind": OBJECT_STORE.kind,
            "metadata": {"name": self.name, "namespace": namespace},
            "spec": {**kept, "configuration": self.configuration},
        }


def checked_retention(text: str) -> str:
    if not _RETENTION.fullmatch(text):
        number = re.match(r"\s*([1-9][0-9]*)\s*([dwm])", text.lower())
        near = f"{number[1]}{number[2]}" if number else "30d"
        raise InvalidRequest(
            f"retention: {'the value' if may_be_secret(text) else repr(text[:40])} is not a retention policy: a number "
            f"and d, w or m (days, weeks, months), such as {near!r}"
        )
    return text


def retention_days(policy: object) -> int | None:
    """None for none, which keeps everything, and for what is none."""
    found = _RETENTION.fullmatch(policy) if isinstance(policy, str) else None
    return int(found[1]) * _DAYS[found[2]] if found else None


def new_store(name: str, destination: str, endpoint: str | None, secret: str | None) -> NewStore:
    """Raises InvalidRequest for a destination that no provider has, and for credentials in an address."""
    scheme = destination.partition("://")[0]
    if not _DESTINATION.fullmatch(destination) or scheme not in _PROVIDERS:
        raise InvalidRequest(
            "destination_path: it is not an address of an object store, without credentials: s3://BUCKET/FOLDER, "
            "gs://BUCKET/FOLDER, or https://ACCOUNT.blob.core.windows.net/CONTAINER/FOLDER"
        )
    if endpoint is not None and not _ENDPOINT.fullmatch(endpoint):
        raise InvalidRequest(
            "endpoint_url: it is not an address of an S3 service, without credentials: https://HOST:PORT"
        )
    if secret is not None:
        check_object_name(secret, field="credentials_secret")
    provider = _PROVIDERS[scheme]
    names = {field: {"name": secret, "key": key} for field, key in provider.keys}
    credentials: Object = names if secret else {provider.without: True}
    place = {"endpointURL": endpoint} if endpoint else {}
    configuration = {"destinationPath": destination, **place, provider.section: credentials}
    keys = tuple(key for _, key in provider.keys) if secret else ()
    return NewStore(name, configuration, keys, secret or "")


def declared_stores(desired: Desired, namespace: str | None = None) -> tuple[Declaration, ...]:
    """Those of a namespace, or of all; a state that knows them is needed (`with_object_stores`)."""
    return tuple(
        one
        for one in desired.declarations
        if one.identity.kind == OBJECT_STORE.kind and namespace in {None, one.identity.namespace}
    )


@dataclass(frozen=True)
class UsedArchive:
    """A Cluster with the folder of an object store that it writes to."""

    cluster: ClusterRef
    store: str
    destination: str
    server: str


def used_archives(desired: Desired, live_stores: Iterable[Object] = ()) -> Iterator[UsedArchive]:
    """Those of all Clusters that Git declares, in the plugin's way or their own."""
    known = {
        (at(one, "metadata", "namespace"), at(one, "metadata", "name")): one
        for one in (*live_stores, *(each.object for each in declared_stores(desired)))
    }
    for one in desired.clusters:
        if one.identity.namespace is None:
            continue
        ref = ClusterRef(one.identity.namespace, one.identity.name)
        for plugin in list_at(one.object, "spec", "plugins"):
            name = text_at(plugin, "parameters", "barmanObjectName")
            if at(plugin, "name") == BARMAN_PLUGIN and at(plugin, "enabled") is not False and name:
                store = known.get((ref.namespace, name))
                server = text_at(plugin, "parameters", "serverName") or ref.name
                yield UsedArchive(ref, name, destination_of(at(store, "spec", "configuration")), server)
        own = mapping_at(one.object, "spec", "backup", IN_TREE)
        if own:
            yield UsedArchive(ref, "", destination_of(own), text_at(own, "serverName") or ref.name)


def destination_of(configuration: object) -> str:
    """Address and path, so that two spellings of one place are the same."""
    path = text_at(configuration, "destinationPath") or ""
    return f"{(text_at(configuration, 'endpointURL') or '').rstrip('/')} {path.rstrip('/')}" if path else ""

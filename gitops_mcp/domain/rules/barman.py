"""The operator's own object store, spec.backup.barmanObjectStore: whose credentials it takes.

The webhook looks at the one that a Cluster writes to, and at none of externalClusters.
"""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.cnpg.releases import ALL, Releases
from gitops_mcp.domain.objects import Object, Path, at
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

_PLACE: Path = ("spec", "backup", "barmanObjectStore")
_KINDS = ("azureCredentials", "s3Credentials", "googleCredentials")
_AZURE_FLAGS = ("inheritFromAzureAD", "useDefaultAzureCredentials")
_AZURE_KEYS = ("storageKey", "storageSasToken")
_ACCOUNT_READ = Releases(since=((1, 27, 3), (1, 28, 1), (1, 29, 0)))


def _credentials(seen: Seen) -> Iterator[Fault]:
    store = at(seen.object, *_PLACE)
    if not isinstance(store, dict):
        return
    stated = [name for name in _KINDS if isinstance(store.get(name), dict)]
    if not stated:
        yield Fault(_PLACE, f"has no credentials: exactly one of {', '.join(_KINDS)}")
    for name in stated[1:]:
        yield Fault((*_PLACE, name), f"excludes {stated[0]}: keep the credentials of one provider")


def _s3(seen: Seen) -> Iterator[Fault]:
    field, given = _stated(seen, "s3Credentials")
    if given is None:
        return
    keys = [name for name in ("accessKeyId", "secretAccessKey") if given.get(name) is not None]
    if len(keys) == 1:
        yield Fault(field, f"has {keys[0]} alone: accessKeyId and secretAccessKey go together")
    if keys and given.get("inheritFromIAMRole") is True:
        yield Fault((*field, "inheritFromIAMRole"), f"excludes {' and '.join(keys)}: keep one way of logging in")
    if not keys and given.get("inheritFromIAMRole") is not True:
        yield Fault(field, "has no way of logging in: accessKeyId and secretAccessKey, or inheritFromIAMRole: true")


def _azure(seen: Seen) -> Iterator[Fault]:
    field, given = _stated(seen, "azureCredentials")
    if given is None:
        return
    ways = [name for name in _AZURE_FLAGS if given.get(name) is True]
    ways += [name for name in _AZURE_KEYS if given.get(name) is not None]
    keys = [name for name in ways if name in _AZURE_KEYS]
    has_account = given.get("storageAccount") is not None
    if given.get("connectionString") is not None:
        if ways or has_account:
            others = ways or ["storageAccount"]
            text = f"excludes {' and '.join(others)}: it holds all that is needed"
            yield Fault((*field, "connectionString"), text, holds=ALL if ways else _ACCOUNT_READ)
    elif len(ways) != 1:
        found = f"{' and '.join(ways)} exclude each other" if ways else "has no way of logging in"
        yield Fault(field, f"{found}: connectionString, or one of {', '.join((*_AZURE_KEYS, *_AZURE_FLAGS))}")
    if keys and not has_account:
        yield Fault((*field, "storageAccount"), f"is needed beside {' and '.join(keys)}", holds=_ACCOUNT_READ)


def _google(seen: Seen) -> Iterator[Fault]:
    field, given = _stated(seen, "googleCredentials")
    if given is None:
        return
    has_file, is_inside = given.get("applicationCredentials") is not None, given.get("gkeEnvironment") is True
    if has_file and is_inside:
        yield Fault((*field, "gkeEnvironment"), "excludes applicationCredentials: keep one way of logging in")
    if not has_file and not is_inside:
        yield Fault(field, "has no way of logging in: applicationCredentials, or gkeEnvironment: true")


def _stated(seen: Seen, name: str) -> tuple[Path, Object | None]:
    given = at(seen.object, *_PLACE, name)
    return (*_PLACE, name), given if isinstance(given, dict) else None


_ONE = ("Cluster",)

RULES = (
    Rule("barman-credentials", _ONE, "webhook validateBackupConfiguration", _credentials),
    Rule("barman-s3", _ONE, "webhook ValidateAwsCredentials", _s3),
    Rule("barman-azure", _ONE, "webhook ValidateAzureCredentials", _azure),
    Rule("barman-google", _ONE, "webhook ValidateGCSCredentials", _google),
)

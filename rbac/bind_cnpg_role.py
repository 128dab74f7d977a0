#!/usr/bin/env python3
"""Give a service account the rights that the server needs: make it, and bind roles to it.

The roles are the ones of this folder, and CloudNativePG's own view role where its Helm chart has installed it, under
whatever release name. Its edit role is compared with direct.yaml and never bound, nor is the operator's own role, which
may read every Secret. Running it again changes nothing that is as it should be; what is there and different is told,
and neither overwritten nor bound.

    python rbac/bind_cnpg_role.py --namespace tools --service-account gitops-mcp --dry-run

needs the official client (`pip install kubernetes`) and rights to grant rights, such as cluster-admin's.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import urllib3
import yaml
from kubernetes import client, config

Object = dict[str, Any]

RBAC = "rbac.authorization.k8s.io"
SECONDS = 30.0
HERE = Path(__file__).parent
OPERATOR = "app.kubernetes.io/name=cloudnative-pg"
READS = frozenset({"get", "list", "watch"})
DIRECT = "direct.yaml"
CLUSTER_SCOPED = frozenset({"clusterimagecatalogs", "namespaces", "storageclasses"})
"""Kinds without a namespace: a RoleBinding cannot grant them."""


CONFIG: Any = config
"""Untyped: what loads a configuration has no types."""


class Failed(Exception):
    """What could not be done, and what would help."""


@dataclass(frozen=True)
class Done:
    what: str
    outcome: str
    ok: bool = True


@dataclass(frozen=True)
class Account:
    namespace: str
    name: str

    @property
    def subject(self) -> Object:
        return {"kind": "ServiceAccount", "name": self.name, "namespace": self.namespace}

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class Role:
    """A ClusterRole to be bound."""

    name: str
    manifest: Object
    ours: bool = True
    """One of this folder, which is made where it is missing; else it is there as it is."""


def main() -> int:
    given = _arguments()
    account = Account(given.namespace, given.service_account)
    try:
        print(f"server {_connect(given.context)}{', dry run: nothing is written' if given.dry_run else ''}")
        api = Api(dry_run=given.dry_run)
        done = [_told(_account(api, account))]
        roles = _reading(api, namespaced=given.namespaced)
        editing = _labelled(api, "-edit")
        if given.role == "edit":
            direct = _of_this_folder(DIRECT)
            _tell_of_edit_roles(editing, direct, roles)
            roles += direct
        else:
            editing += [role.manifest for role in _of_this_folder(DIRECT) if role.manifest]
        for role in roles:
            done += [_told(one) for one in _granted(api, account, role, namespaced=given.namespaced)]
        _tell_of_left_over(api, account, editing, namespaced=given.namespaced)
    except Failed as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1
    where = f"--namespace {account.namespace}" if given.namespaced else "--all-namespaces"
    who = f"system:serviceaccount:{account.namespace}:{account.name}"
    print(f"to see for yourself: kubectl auth can-i list clusters.postgresql.cnpg.io {where} --as {who}")
    return 0 if all(one.ok for one in done) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--namespace", default="default", help="where the service account is (default: %(default)s)")
    parser.add_argument("--service-account", default="cnpg-mcp-server", help="its name (default: %(default)s)")
    parser.add_argument(
        "--role",
        choices=["view", "edit"],
        default="view",
        help="view: what the server reads; edit: what direct delivery writes as well (default: %(default)s)",
    )
    parser.add_argument("--namespaced", action="store_true", help="grant it in that namespace only")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    parser.add_argument("--context", help="context of kubeconfig (default: the current one)")
    return parser.parse_args()


def _connect(context: str | None) -> str:
    try:
        CONFIG.load_kube_config(context=context)
    except config.ConfigException as error:
        if context:
            raise Failed(f"context {context!r}: {error}") from error
        try:
            CONFIG.load_incluster_config()
        except config.ConfigException as inside:
            raise Failed(f"no kubeconfig ({error}), and this is no pod ({inside}): set KUBECONFIG") from inside
    return str(client.Configuration.get_default_copy().host).rpartition("@")[2]


def _told(done: Done) -> Done:
    print(f"{done.what}: {done.outcome}", file=sys.stdout if done.ok else sys.stderr)
    return done


def _reading(api: Api, *, namespaced: bool) -> list[Role]:
    """Ours first: they also have the pods, events and volume claims that the operator's view leaves out."""
    roles = []
    for role in _of_this_folder("read-only.yaml"):
        if namespaced and {resource for _, resource, *_ in _rights(role.manifest)} <= CLUSTER_SCOPED:
            print(f"note: {role.name} is left out: what it grants has no namespace, so no RoleBinding grants it")
        else:
            roles.append(role)
    return roles + _views_of_the_operator(api)


def _of_this_folder(file: str) -> list[Role]:
    manifests = yaml.safe_load_all((HERE / file).read_text(encoding="utf-8"))
    return [Role(manifest["metadata"]["name"], manifest) for manifest in manifests]


def _labelled(api: Api, suffix: str) -> list[Object]:
    """The operator's roles by label and ending, since the rest of the name is the release's."""
    return sorted((one for one in api.labelled(OPERATOR) if _name(one).endswith(suffix)), key=_name)


def _views_of_the_operator(api: Api) -> list[Role]:
    """A role that grants anything else is left out: the operator's own, and whatever else carries its label."""
    roles = []
    for found in _labelled(api, "-view"):
        rights = _rights(found)
        if rights and all(group == "postgresql.cnpg.io" and verb in READS for group, _, verb, _ in rights):
            roles.append(Role(_name(found), found, ours=False))
        else:
            print(f"note: ClusterRole {_name(found)} is left out: it grants more than view on CloudNativePG's objects")
    return roles


def _tell_of_edit_roles(editing: list[Object], direct: list[Role], reading: list[Role]) -> None:
    """Why the operator's edit role does not stand for direct.yaml: what it grants beyond need, and what it lacks."""
    needed = [right for role in direct for right in _rights(role.manifest)]
    read = [right for role in reading for right in _rights(role.manifest)]
    for role in editing:
        difference = _difference(_rights(role), needed, read)
        print(f"note: ClusterRole {_name(role)} is not bound; rbac/{DIRECT} has what direct delivery needs{difference}")


def _account(api: Api, account: Account) -> Done:
    what = f"ServiceAccount {account}"
    if api.get("serviceaccounts", account.namespace, account.name):
        return Done(what, "unchanged")
    metadata = {"name": account.name, "namespace": account.namespace}
    body = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
    return Done(what, api.make("serviceaccounts", account.namespace, body))


def _granted(api: Api, account: Account, role: Role, *, namespaced: bool) -> Iterator[Done]:
    """The role, and its binding; none to a role that is there and grants something else than this folder says."""
    if role.ours:
        there = _role(api, role.name, role.manifest)
        yield there
        if not there.ok:
            return
    yield _binding(api, account, role.name, namespaced=namespaced)


def _role(api: Api, name: str, manifest: Object) -> Done:
    what = f"ClusterRole {name}"
    found = api.get("clusterroles", None, name)
    if found is None:
        return Done(what, api.make("clusterroles", None, manifest))
    if set(_rights(found)) == set(_rights(manifest)):
        return Done(what, "unchanged")
    return Done(
        what,
        f"is there with other rules than in rbac/{_difference(_rights(found), _rights(manifest), [])}: neither "
        "overwritten nor bound; apply the file if you mean it",
        ok=False,
    )


def _binding(api: Api, account: Account, role: str, *, namespaced: bool) -> Done:
    plural, kind, namespace, name = _place(account, role, namespaced=namespaced)
    what = f"{kind} {f'{namespace}/' if namespace else ''}{name}"
    reference = {"apiGroup": RBAC, "kind": "ClusterRole", "name": role}
    found = api.get(plural, namespace, name)
    if found is None:
        metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
        body = {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata, "roleRef": reference}
        return Done(what, api.make(plural, namespace, {**body, "subjects": [account.subject]}))
    if found["roleRef"] != reference:
        other = f"{found['roleRef'].get('kind')} {found['roleRef'].get('name')}"
        return Done(what, f"binds {other}, not {role}: not overwritten; delete it, and run this again", ok=False)
    subjects = found.get("subjects") or []
    if _is_among(account, subjects):
        return Done(what, "unchanged")
    return Done(what, api.replace(plural, namespace, {**found, "subjects": [*subjects, account.subject]}))


def _place(account: Account, role: str, *, namespaced: bool) -> tuple[str, str, str | None, str]:
    """Names that two accounts or two roles do not share."""
    if namespaced:
        return "rolebindings", "RoleBinding", account.namespace, f"{account.name}-{role}"
    return "clusterrolebindings", "ClusterRoleBinding", None, f"{account.namespace}-{account.name}-{role}"


def _is_among(account: Account, subjects: list[Object]) -> bool:
    return any(all(one.get(key) == value for key, value in account.subject.items()) for one in subjects)


def _tell_of_left_over(api: Api, account: Account, editing: list[Object], *, namespaced: bool) -> None:
    """Nothing is taken away that was given before: whoever expects it to must know."""
    for role in editing:
        plural, kind, namespace, name = _place(account, _name(role), namespaced=namespaced)
        found = api.get(plural, namespace, name)
        if found is not None and _is_among(account, found.get("subjects") or []):
            place = f" --namespace {namespace}" if namespace else ""
            print(f"note: {kind} {name} still grants writing; to take it away: kubectl delete {plural} {name}{place}")


Right = tuple[str, str, str, str]
"""API group, resource, verb, and the one name that it is for or nothing."""


def _rights(role: Object) -> list[Right]:
    """What a role grants, one by one, however its rules are cut; a URL stands for a resource."""
    return [
        (group, resource, verb, name)
        for rule in role.get("rules") or []
        for group in rule.get("apiGroups") or ["nonResourceURLs"]
        for resource in rule.get("resources") or rule.get("nonResourceURLs") or []
        for verb in rule.get("verbs") or []
        for name in rule.get("resourceNames") or [""]
    ]


def _is_granted(right: Right, by: list[Right]) -> bool:
    """Whether one of these says as much, be it by a wildcard or for every name."""
    return any(
        all(theirs in {mine, "*"} for mine, theirs in zip(right[:3], other[:3], strict=True))
        and other[3] in {right[3], ""}
        for other in by
    )


def _difference(rights: list[Right], needed: list[Right], beside: list[Right]) -> str:
    beyond = _listed(right for right in rights if not _is_granted(right, needed + beside))
    lacking = _listed(right for right in needed if not _is_granted(right, rights + beside))
    return f" (beyond that it grants {beyond or 'nothing'}; of that it lacks {lacking or 'nothing'})"


def _listed(rights: Iterable[Right]) -> str:
    """`deletecollection, update on clusters; get on secrets`: by resource, as a role's rules are cut."""
    verbs: dict[str, list[str]] = {}
    for group, resource, verb, name in rights:
        where = resource if group in {"", "postgresql.cnpg.io"} else f"{resource}.{group}"
        verbs.setdefault(f"{where} {name}".rstrip(), []).append(verb)
    resources: dict[str, list[str]] = {}
    for where, granted in verbs.items():
        resources.setdefault(", ".join(sorted(set(granted))), []).append(where)
    return "; ".join(f"{granted} on {', '.join(where)}" for granted, where in resources.items())


def _name(role: Object) -> str:
    return str(role["metadata"]["name"])


class Api:
    """The few requests that this takes; in a dry run only those that read.

    The official client knows where to and as whom. Its models stay out: what is written back must be what was read, and
    those of the core group take a second to load.
    """

    def __init__(self, *, dry_run: bool) -> None:
        self._dry_run = dry_run
        self._written = False
        configuration = client.Configuration.get_default_copy()
        made: Any = client.ApiClient(configuration)
        self._pool: urllib3.PoolManager = made.rest_client.pool_manager
        self._server = str(configuration.host).rstrip("/")
        given: dict[str, Any] = dict(configuration.auth_settings())
        self._headers = {one["key"]: str(one["value"]) for one in given.values() if one["in"] == "header"}

    def labelled(self, labels: str) -> list[Object]:
        """ClusterRoles; there are too few of them for pages."""
        found = self._sent("list", "GET", f"{_path('clusterroles', None)}?{urlencode({'labelSelector': labels})}")
        return list((found or {}).get("items") or [])

    def get(self, plural: str, namespace: str | None, name: str) -> Object | None:
        return self._sent("get", "GET", _path(plural, namespace, name))

    def make(self, plural: str, namespace: str | None, body: Object) -> str:
        return self._write("created", "create", "POST", _path(plural, namespace), body)

    def replace(self, plural: str, namespace: str | None, body: Object) -> str:
        """With the resourceVersion that was read, so that nobody else's subjects are lost."""
        path = _path(plural, namespace, body["metadata"]["name"])
        return self._write("extended by this account", "update", "PUT", path, body)

    def _write(self, outcome: str, verb: str, method: str, path: str, body: Object) -> str:
        if self._dry_run:
            return f"would be {outcome}"
        if self._sent(verb, method, path, body) is None:
            raise Failed(
                f"{verb} {path}: there is no such namespace, or no such object any more: see to it, and repeat"
            )
        self._written = True
        return outcome

    def _sent(self, verb: str, method: str, path: str, body: Object | None = None) -> Object | None:
        """None where there is no such thing."""
        headers = {**self._headers, "Accept": "application/json", "Content-Type": "application/json"}
        try:
            response = self._pool.request(
                method,
                self._server + path,
                headers=headers,
                body=None if body is None else json.dumps(body),
                timeout=SECONDS,
                retries=False,
                redirect=False,
            )
        except urllib3.exceptions.HTTPError as error:
            unknown = "" if body is None else "; whether this was done is not known"
            raise Failed(
                f"{verb} {path}: no answer ({type(error).__name__}): check kubeconfig's context, VPN; "
                f"{self._so_far}{unknown}"
            ) from error
        if response.status == 404:
            return None
        answer = _answered(response.data)
        if not 200 <= response.status < 300:
            raise Failed(f"{verb} {path}: {response.status}, {_said(answer)}: {_help(response.status)}; {self._so_far}")
        if not answer:
            raise Failed(f"{verb} {path}: the answer is no Kubernetes object: check the server in kubeconfig")
        return answer

    @property
    def _so_far(self) -> str:
        return "what is told above as created or extended is done" if self._written else "nothing was written"


def _path(plural: str, namespace: str | None, *name: str) -> str:
    parts = [*(["namespaces", namespace] if namespace else []), plural, *name]
    root = "/api/v1" if plural == "serviceaccounts" else f"/apis/{RBAC}/v1"
    return "/".join([root, *(quote(part, safe=":") for part in parts)])


def _answered(data: bytes) -> Object:
    try:
        found: Any = json.loads(data)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def _said(answer: Object) -> str:
    return " ".join(str(answer.get("message") or "no reason given").split())[:500]


def _help(status: int) -> str:
    match status:
        case 401:
            return "log in again, as for kubectl"
        case 403:
            return "run this as somebody who may, such as a cluster administrator"
        case _:
            return "run this again"


if __name__ == "__main__":
    sys.exit(main())

"""Changing a database where it is declared: its owner, its limit, and what is in it, item by item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

from gitops_mcp.domain.cnpg.notation.sql import checked_sql_name
from gitops_mcp.domain.editing.field import edit_fields
from gitops_mcp.domain.impact.assessment import each_impact
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.names import ClusterRef, quote, suggest
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, Path, at, list_at
from gitops_mcp.domain.plans.applier_notes import applier_lines, applier_notices
from gitops_mcp.domain.plans.databases.database import (
    NO_RESTART,
    declared_databases,
    find_database,
    owner_warnings,
    sql_name_of,
)
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.roles.declared_roles import LiveRoles, bootstrap_database
from gitops_mcp.domain.plans.roles.role_attributes import VALIDATED, quote_sql_name
from gitops_mcp.domain.plans.waiting import once_applied
from gitops_mcp.domain.redact import is_credential, may_be_secret
from gitops_mcp.domain.redact.keys import is_secret_value
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.yaml.edits import Set, apply_edit, normalize_edit
from gitops_mcp.errors import InvalidRequest, NotFound, Refused

PARTS: dict[str, tuple[str, ...]] = {
    "extensions": ("name", "version", "schema", "ensure"),
    "schemas": ("name", "owner", "ensure"),
    "fdws": ("name", "handler", "validator", "owner", "options", "usage", "ensure"),
    "servers": ("name", "fdw", "options", "usage", "ensure"),
}
"""Lists of a Database, and what an item may say."""
Asked = Mapping[str, Any]
_TOLD_TO_ALL = "looks as if it held a password or a token, which everybody could read in Git from then on"


@dataclass(frozen=True)
class DatabaseUpdate:
    """What was named; the items of a list are added, or change those of their names, and all others stay."""

    owner: str | None = None
    connection_limit: int | None = None
    items: Mapping[str, tuple[Object, ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, owner: str | None, limit: int | None, lists: Mapping[str, Sequence[str | Asked] | None]
    ) -> DatabaseUpdate:
        found = {part: tuple(_checked_items(part, given)) for part, given in lists.items() if given}
        if owner is None and limit is None and not found:
            raise InvalidRequest(
                f"name at least one argument to update; there are: owner, connection_limit, {', '.join(PARTS)}"
            )
        return cls(None if owner is None else checked_sql_name(owner, field="owner"), limit, found)

    @property
    def fields(self) -> tuple[Path, ...]:
        named = (("owner", self.owner), ("connectionLimit", self.connection_limit))
        return tuple(("spec", key) for key, value in (*named, *self.items.items()) if value is not None)


def _checked_items(part: str, given: Sequence[str | Asked]) -> Iterator[Object]:
    seen: set[str] = set()
    for index, one in enumerate(given):
        place = f"{part}[{index}]"
        item = {"name": one} if isinstance(one, str) else _checked_fields(part, one, place=place)
        name = item.get("name")
        if not isinstance(name, str):
            raise InvalidRequest(f"{place}.name: is needed, such as {{'name': 'app'}}")
        checked_sql_name(name, field=f"{place}.name")
        if name in seen:
            raise InvalidRequest(f"{part}: {quote(name)} is named twice, which the operator refuses; name each once")
        seen.add(name)
        yield item


def _checked_fields(part: str, given: Asked, *, place: str) -> Object:
    for key, value in given.items():
        if key not in PARTS[part]:
            shown = f"{quote(key)} is not a field" if not may_be_secret(key) else "one of its keys is not a field"
            near = suggest("" if may_be_secret(key) else key, PARTS[part])
            raise InvalidRequest(f"{place}: {shown}; {near}")
        if isinstance(value, str) and is_credential(value):
            raise InvalidRequest(f"{place}.{key}: {_TOLD_TO_ALL}: leave it out")
    if given.get("ensure", "present") not in {"present", "absent"}:
        raise InvalidRequest(f"{place}.ensure: must be 'present' or 'absent'")
    options = _checked_options(given.get("options"), place=f"{place}.options")
    return {**given, **({"options": options} if "options" in given else {})}


def _checked_options(given: object, *, place: str) -> list[Object]:
    """A mapping of texts, or a list as the CRD has it."""
    listed = [{"name": key, "value": value} for key, value in given.items()] if isinstance(given, dict) else given
    found: list[Object] = []
    for one in listed if isinstance(listed, list) else ():
        key, value = at(one, "name"), at(one, "value")
        if not isinstance(key, str) or not isinstance(value, str):
            raise InvalidRequest(f"{place}: each has a name and a value, both texts, such as {{'host': 'db.example'}}")
        if is_credential(key) or is_credential(value) or is_secret_value(key, value):
            raise InvalidRequest(f"{place}: one {_TOLD_TO_ALL}: leave it out, and make a USER MAPPING for it by hand")
        found.append({**one, "ensure": at(one, "ensure") or "present"})
    return found


def require_database_to_update(desired: Desired, cluster: Declaration, ref: ClusterRef, name: str) -> Declaration:
    found = find_database(desired, ref, name)
    if found is not None:
        return found
    if bootstrap_database(cluster.object) == name:
        raise Refused(
            f"database_name: {name!r} of Cluster {ref} was made by bootstrap, and no Database object describes it: "
            f"create_postgres_database describes it, with the extensions and schemas that are to be added"
        )
    known = [sql_name_of(one) for one in declared_databases(desired, ref)]
    raise NotFound(f"{desired.origin.declares} no database {name!r} for Cluster {ref}; {suggest(name, known)}")


def plan_database_update(
    desired: Desired,
    cluster: Declaration,
    ref: ClusterRef,
    declared: Declaration,
    asked: DatabaseUpdate,
    *,
    live: LiveRoles | None,
) -> Plan:
    """Only what differs is edited. What is dropped is a loss that a person has to agree to."""
    before, name = declared.object, sql_name_of(declared)
    target = replace(declared.identity, namespace=ref.namespace)
    if at(before, "spec", "ensure") == "absent":
        raise Refused(
            f"database {name!r} says `ensure: absent` at {declared.place}, so it is being dropped: finish that with "
            f"delete_postgres_database, then create it again"
        )
    wanted = dict(_wanted_fields(before, asked))
    differing = {path: value for path, value in wanted.items() if normalize_edit(before, Set(path, value)) is not None}
    plan = Plan(f"Update database {quote_sql_name(name)} of Cluster {ref}", target, validated_by=VALIDATED)
    same = [str(path[1]) for path in wanted if path not in differing]
    if not differing:
        return replace(plan, unchanged=f"{declared.place} says so already: {', '.join(same)}")
    after = before
    for path, value in differing.items():
        after = _with_field(after, path, value)
    effects = list(each_impact(before, after))
    lost = [text for one in effects if one.level is Level.DATA_LOSS for text in one.reasons]
    owner = asked.owner if ("spec", "owner") in differing else None
    return replace(
        plan,
        files=edit_fields(desired, declared, *(Set(path, value) for path, value in differing.items())),
        impact=reduce(Impact.joined, effects, Impact(Level.NONE)).joined(Impact(Level.NONE, (NO_RESTART,))),
        destroys="; ".join(lost) or None,
        body=(*_lines(before, after, differing), *applier_lines(declared)),
        warnings=(
            *((Notice("already-so", f"{declared.place} says so already: {', '.join(same)}"),) if same else ()),
            *(owner_warnings(desired, cluster, ref, owner, live) if owner else ()),
            *applier_notices(declared, desired),
        ),
        next=(
            once_applied(
                desired, ref, "the operator changes the database: list_postgres_databases shows what it could not do"
            ),
        ),
    )


def _wanted_fields(before: Object, asked: DatabaseUpdate) -> Iterator[tuple[Path, Any]]:
    if asked.owner is not None:
        yield ("spec", "owner"), asked.owner
    if asked.connection_limit is not None:
        yield ("spec", "connectionLimit"), asked.connection_limit
    for part, items in asked.items.items():
        known = [dict(one) if isinstance(one, dict) else one for one in list_at(before, "spec", part)]
        places = {at(one, "name"): index for index, one in enumerate(known)}
        for item in items:
            if (index := places.get(item["name"])) is not None:
                new = {"ensure": "present", **_with_known_options(item, known[index])}
                stays = new.get("ensure") == "present" and "ensure" not in known[index]
                known[index] |= {key: value for key, value in new.items() if not (stays and key == "ensure")}
            else:
                known.append({"ensure": "present", **item} | {"name": item["name"]})
        yield ("spec", part), [_in_order(part, one) for one in known]


def _with_known_options(item: Object, known: Object) -> Object:
    if "options" not in item:
        return item
    given = {at(one, "name"): one for one in item["options"]}
    old = [given.pop(at(one, "name"), one) for one in list_at(known, "options")]
    return {**item, "options": [*old, *given.values()]}


def _in_order(part: str, item: Any) -> Any:
    """A new item has its name first; one that is there keeps its order where it is edited."""
    return {key: item[key] for key in PARTS[part] if key in item} | item if isinstance(item, dict) else item


def _with_field(value: Object, path: Path, new: Any) -> Object:
    edit = normalize_edit(value, Set(path, new))
    made: Object = apply_edit(value, edit) if edit is not None else value
    return made


def _lines(before: Object, after: Object, differing: Mapping[Path, Any]) -> Iterator[str]:
    for path in differing:
        if path[1] in PARTS:
            old = {at(one, "name"): one for one in list_at(before, *path)}
            for one in list_at(after, *path):
                if one != old.get(at(one, "name")):
                    name = quote_sql_name(str(at(one, "name")))
                    is_new, goes = at(one, "name") not in old, at(one, "ensure") == "absent"
                    told = f"drops {name}" if goes else f"adds {name}" if is_new else f"changes {name}"
                    yield f"{path[1]}: {told}"
        else:
            yield f"{path[1]}: {_shown(at(before, *path))} -> {_shown(at(after, *path))}"


def _shown(value: object) -> str:
    return "not stated" if value is None else quote(value) if isinstance(value, str) else str(value)

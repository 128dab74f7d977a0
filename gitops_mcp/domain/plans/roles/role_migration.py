"""Moving roles from the list of a Cluster to DatabaseRole objects, attribute for attribute."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from gitops_mcp.domain.cnpg.role import KEYS, role_manifest
from gitops_mcp.domain.editing.list_items import remove_item
from gitops_mcp.domain.editing.placing.new_document import put_document
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace
from gitops_mcp.domain.editing.steps import EditSequence
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.names import ClusterRef, pluralize, quote, suggest
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, at
from gitops_mcp.domain.plans.applier_notes import applier_lines, applier_notices
from gitops_mcp.domain.plans.object_names import role_object_name
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.roles.declared_roles import ROLES, DeclaredRole, LiveRoles, declared_roles
from gitops_mcp.domain.plans.roles.role import check_cluster_alive, make_new_object
from gitops_mcp.domain.plans.roles.role_attributes import NO_RESTART, VALIDATED, non_default_attributes, quote_sql_name
from gitops_mcp.domain.plans.waiting import once_applied
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.errors import InvalidRequest, Refused

_COMMENT = re.compile(r"(?m)(?:^|\s)#.*$")


def plan_role_migration(
    desired: Desired,
    cluster: Declaration,
    ref: ClusterRef,
    inline: Sequence[DeclaredRole],
    *,
    names: Mapping[str, str],
    places: Callable[[Desired, Declaration, str], Iterable[FilePlace]],
) -> Plan:
    """Inline entries as DatabaseRole objects, attribute for attribute; `names`: metadata.name by name in PostgreSQL."""
    steps, put_notices = EditSequence(desired), []
    for role in inline:
        if _is_moved(desired, cluster, ref, role):
            continue
        spec = {key: value for key, value in role.spec.items() if key != "ensure"}
        name = names[role.name]
        put = put_document(
            steps.desired,
            steps.again(cluster),
            make_new_object(ref, name),
            role_manifest(name, ref.namespace, ref.name, spec),
            places(steps.desired, steps.again(cluster), name),
            defaults={"spec": role.attributes.spec(explicit=True)},
        )
        steps.take(put.changes)
        put_notices += [one for one in put.notices if one not in put_notices]
    for index in sorted((role.index or 0 for role in inline), reverse=True):
        steps.take(remove_item(steps.desired, steps.again(cluster), ROLES, index))
    count = f"{len(inline)} roles" if len(inline) != 1 else "1 role"
    return Plan(
        f"Move {count} of Cluster {ref} to DatabaseRole objects",
        Identity("Cluster", ref.namespace, ref.name),
        files=steps.changes,
        impact=Impact(Level.NONE, (NO_RESTART, "the roles stay as they are: nothing is dropped, no password changes")),
        warnings=(
            *put_notices,
            *_lost_comment_notices(steps.changes),
            Notice(
                "one-owner",
                "until the entry has gone from the live Cluster, the operator reports the DatabaseRole as already "
                "managed by the CNPG cluster; it tries again every 30 s",
            ),
            Notice(
                "not-continuous",
                "a DatabaseRole is applied when it or its Secret changes; unlike an inline entry it does not take back "
                "what somebody changes by hand with ALTER ROLE",
            ),
            *applier_notices(cluster, desired),
        ),
        body=(
            *(f"- {quote_sql_name(role.name)}: DatabaseRole {names[role.name]}" for role in inline),
            *applier_lines(cluster),
        ),
        next=(
            once_applied(desired, ref, "list_postgres_roles shows each of them as a DatabaseRole that is reconciled"),
        ),
        validated_by=VALIDATED,
    )


def _is_moved(desired: Desired, cluster: Declaration, ref: ClusterRef, role: DeclaredRole) -> bool:
    """Whether a DatabaseRole says the same already, so that only the entry is left. Raises Refused where it differs."""
    known = declared_roles(desired, cluster, ref)
    there = next((one for one in known if one.form == "DatabaseRole" and one.name == role.name), None)
    if there is None:
        return False
    plain = {*KEYS.values(), "ensure", "disablePassword"}
    own = [key for key in dict.fromkeys(["passwordSecret", *role.spec]) if key not in plain]
    inline, other = _attribute_texts(role, own), _attribute_texts(there, own)
    if inline != other:
        raise Refused(
            f"role {role.name!r} of Cluster {ref} is declared twice, with different attributes: inline at {role.place} "
            f"({'; '.join(inline)}), and by {there.declared.identity} at {there.place} ({'; '.join(other)}). Make the "
            f"two the same, or remove one of them, first"
        )
    return True


def _attribute_texts(role: DeclaredRole, keys: Iterable[str]) -> tuple[str, ...]:
    """Its attributes, and what it says under keys that are none of them."""
    disabled = ("disablePassword",) if at(role.spec, "disablePassword") else ()
    return (
        *non_default_attributes(role.attributes),
        *disabled,
        *(f"{key} {at(role.spec, key)}" for key in keys if key in role.spec),
    )


def _lost_comment_notices(changes: Iterable[FileChange]) -> Iterator[Notice]:
    """A list of attributes can move, what people wrote beside it cannot."""
    for one in changes:
        lines, left = (Counter(_COMMENT.findall(text or "")) for text in (one.before, one.after))
        lost = (lines - left).total()
        if lost:
            yield Notice(
                "comments-go",
                f"{pluralize(lost, 'comment')} in {one.path} would go with the entries: copy what is still true into "
                f"the new documents",
            )


def plan_nothing_to_migrate(desired: Desired, ref: ClusterRef) -> Plan:
    return Plan(
        f"Move roles of Cluster {ref} to DatabaseRole objects",
        Identity("Cluster", ref.namespace, ref.name),
        unchanged=f"Cluster {ref} has no inline roles in {desired.origin.name}",
        validated_by=VALIDATED,
    )


def roles_to_migrate(
    desired: Desired, cluster: Declaration, ref: ClusterRef, wanted: Collection[str] | None, live: LiveRoles | None
) -> list[DeclaredRole]:
    """The inline roles that were named, or all of them. Raises where one cannot be a DatabaseRole."""
    check_cluster_alive(ref, live)
    if live is not None and live.objects is None:
        raise Refused(
            "the kind DatabaseRole is not installed there: it comes with operator 1.30. Upgrade the operator first"
        )
    known = [one for one in declared_roles(desired, cluster, ref) if one.form == "inline"]
    names = [one.name for one in known]
    missing = [name for name in wanted or () if name not in names]
    if missing:
        raise InvalidRequest(
            f"roles: {', '.join(map(quote, missing))} is not an inline role of Cluster {ref}; "
            f"{suggest(missing[0], names)}"
        )
    inline = [one for one in known if wanted is None or one.name in wanted]
    check_migratable(inline)
    return inline


def names_after_migration(
    desired: Desired, ref: ClusterRef, inline: Iterable[DeclaredRole], live: LiveRoles | None
) -> dict[str, str]:
    """metadata.name of the DatabaseRoles, by name in PostgreSQL."""
    found: dict[str, str] = {}
    for one in inline:
        found[one.name] = role_object_name(desired, ref, one.name, live, also=found.values())
    return found


def check_migratable(roles: Sequence[DeclaredRole]) -> None:
    absent = [role for role in roles if role.is_absent]
    if absent:
        raise InvalidRequest(
            f"roles: {', '.join(quote(one.name) for one in absent)} says `ensure: absent`, which a DatabaseRole cannot "
            f"say: finish dropping it with delete_postgres_role first, or leave it out of roles"
        )

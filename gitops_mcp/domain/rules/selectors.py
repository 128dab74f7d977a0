"""Pods that a Cluster selects by their labels, the records of pg_hba.conf that name them, and taints of nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops_mcp.domain import regexp
from gitops_mcp.domain.cnpg.releases import Releases
from gitops_mcp.domain.names import is_label_value, is_qualified_name, quote, suggest
from gitops_mcp.domain.objects import Object, Path, list_at, mapping_at
from gitops_mcp.domain.rules.reading import as_text, entries, names_in
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

_HBA: Path = ("spec", "postgresql", "pg_hba")
_REFERENCES: Path = ("spec", "podSelectorRefs")
_TOLERATIONS: Path = ("spec", "affinity", "tolerations")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_OPERATORS = {"In": True, "NotIn": True, "Exists": False, "DoesNotExist": False}
"""Whether they go with values."""
_DESCRIPTOR = r"\$\{([^:]+):([^}]+)\}"
_RECORDS = frozenset(
    ("local", "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc", "include", "include_if_exists")
) | {"include_dir"}
_METHODS = (
    *("trust", "reject", "md5", "password", "scram-sha-256", "gss", "sspi", "ident", "peer", "ldap", "radius", "cert"),
    *("pam", "bsd", "oauth"),
)
_FIELD, _LISTED = re.compile(r"(?:\"[^\"]*\"|[^\s\"])+"), re.compile(r",\s+")
_MASK = re.compile(r"[0-9]+(?:\.[0-9]+){3}|[0-9a-fA-F]*:[0-9a-fA-F:]*")
_KEY = "is not a key of a label: at most 63 letters, digits, '-', '_' and '.', if need be with a domain and '/' before"
_VALUE = "is not a value of a label: at most 63 letters, digits, '-', '_' and '.'"


def _selectors(seen: Seen) -> Iterator[Fault]:
    for place, item in entries(seen.object, *_REFERENCES):
        for key, value in mapping_at(item, "selector", "matchLabels").items():
            path = (*place, "selector", "matchLabels", str(key))
            yield from _label_faults(path, str(key), path, [value])
        for path, one in entries(seen.object, *place, "selector", "matchExpressions"):
            yield from _expression_faults(path, one)


def _expression_faults(path: Path, expression: Object) -> Iterator[Fault]:
    operator, values = as_text(expression.get("operator")), list_at(expression.get("values"))
    if operator not in _OPERATORS:
        text = f"{quote(operator)} does not exist; {suggest(operator, _OPERATORS)}"
        yield Fault((*path, "operator"), text)
    elif _OPERATORS[operator] and not values:
        yield Fault((*path, "values"), f"are needed with operator {operator!r}: at least one")
    elif not _OPERATORS[operator] and values:
        yield Fault(
            (*path, "values"), f"go with operators 'In' and 'NotIn' only, not with {operator!r}: leave them out"
        )
    yield from _label_faults((*path, "key"), as_text(expression.get("key")), (*path, "values"), values)


def _label_faults(at_key: Path, key: str, at_values: Path, values: list[object]) -> Iterator[Fault]:
    if not is_qualified_name(key):
        yield Fault(at_key, f"{quote(key)} {_KEY}")
    for value in values:
        if isinstance(value, str) and not is_label_value(value):
            yield Fault(at_values, f"{quote(value)} {_VALUE}")


def _descriptors(seen: Seen) -> Iterator[Fault]:
    """`${podselector:NAME}` anywhere in a record, a comment too."""
    known = names_in(seen.object, *_REFERENCES)
    for index, record in enumerate(list_at(seen.object, *_HBA)):
        found = regexp.find_groups(_DESCRIPTOR, as_text(record))
        for kind, name in found:
            if kind != "podselector":
                yield Fault((*_HBA, index), f"{quote('${' + kind + ':…}')} does not exist; there is ${{podselector:…}}")
            elif name not in known:
                text = f"no item of spec.podSelectorRefs is named {quote(name)}; {suggest(name, known)}"
                yield Fault((*_HBA, index), text)
        if len(found) > 1 and {kind for kind, _ in found} == {"podselector"}:
            yield Fault((*_HBA, index), "has more than one ${podselector:…}: a record for each")


def _records(seen: Seen) -> Iterator[Fault]:
    for index, record in enumerate(list_at(seen.object, *_HBA)):
        text = as_text(record).strip()
        first = text.split(maxsplit=1)[0] if text else ""
        if text and not text.startswith("#") and first not in _RECORDS:
            yield Fault(
                (*_HBA, index),
                f"{quote(first)} starts no record of pg_hba.conf: local, host, hostssl, hostnossl and their like",
            )
        elif text and not text.startswith("#") and not first.startswith("include"):
            yield from _method_faults(index, text)
        if "${podselector:}" in text:
            yield Fault((*_HBA, index), "${podselector:} names none: the name of an item of spec.podSelectorRefs")


def _method_faults(index: int, record: str) -> Iterator[Fault]:
    """PostgreSQL keeps the old file at a reload where a record is none, and does not start with it."""
    fields = _FIELD.findall(_LISTED.sub(",", record.partition("#")[0]))
    place = 3 if fields[0] == "local" else 4
    place += len(fields) > place + 1 and fields[0] != "local" and _MASK.fullmatch(fields[place]) is not None
    if len(fields) <= place:
        shape = "DATABASE USER METHOD" if fields[0] == "local" else "DATABASE USER ADDRESS METHOD"
        yield Fault((*_HBA, index), f"is not a whole record: {fields[0]} {shape}")
    elif "$" not in fields[place] and fields[place] not in _METHODS:
        yield Fault((*_HBA, index), f"{quote(fields[place])} is not a method; {suggest(fields[place], _METHODS)}")


def _trust(seen: Seen) -> Iterator[Fault]:
    for index, record in enumerate(list_at(seen.object, *_HBA)):
        if "trust" in as_text(record).partition("#")[0].split():
            yield Fault((*_HBA, index), "'trust' lets in whoever reaches the port, without a password", "warning")


def _tolerations(seen: Seen) -> Iterator[Fault]:
    for path, item in entries(seen.object, *_TOLERATIONS):
        operator, key, value = item.get("operator") or "Equal", as_text(item.get("key")), as_text(item.get("value"))
        if operator not in ("Equal", "Exists"):
            yield Fault((*path, "operator"), f"{quote(str(operator))} does not exist; there are: Equal, Exists")
        if key and not is_qualified_name(key):
            yield Fault((*path, "key"), f"{quote(key)} {_KEY}")
        if not key and operator != "Exists":
            yield Fault((*path, "operator"), "without a key it must be 'Exists', which tolerates every taint")
        if operator == "Exists" and value:
            yield Fault((*path, "value"), "goes with operator 'Equal' only: leave it out")
        if operator == "Equal" and not is_label_value(value):
            yield Fault((*path, "value"), _VALUE)
        effect = item.get("effect")
        if effect and effect not in _EFFECTS:
            yield Fault((*path, "effect"), f"{quote(str(effect))} does not exist; there are: {', '.join(_EFFECTS)}")
        if item.get("tolerationSeconds") is not None and effect != "NoExecute":
            yield Fault((*path, "effect"), "must be 'NoExecute' where tolerationSeconds is set")


_ONE = ("Cluster",)

RULES = (
    Rule("pod-selectors", _ONE, "webhook validatePodSelectorRefs", _selectors),
    Rule(
        "pod-selector-uses",
        _ONE,
        "webhook hba.ValidateLine",
        _descriptors,
        holds=Releases(since=((1, 29, 0),)),
        reads_variables=True,
    ),
    Rule("pg-hba", _ONE, "server", _records, ours=True),
    Rule("pg-hba-trust", _ONE, "server", _trust),
    Rule("tolerations", _ONE, "webhook validateTolerations", _tolerations),
)

"""An object against its OpenAPI schema, as the API server judges it on a create or an update, CEL rules included.

The structure is walked by code of our own: pruning of nulls, defaults, unknown fields, list-maps and sets are rules of
Kubernetes that JSON Schema does not know, and a schema is never validated itself. CEL is evaluated by
common-expression-language and not by cel-python, which answers `has(self.a.b)` with false where `a` is missing (the API
server refuses), takes true for 1, and knows neither optional values nor `map` of three arguments; it is much slower,
too. What is wrong in the library chosen is met in `rule` and `cel_rules`: the size of a text in bytes, patterns read as
Rust does, and an error in one item under `all` or `exists`. The rules of CloudNativePG's kinds call no function of
Kubernetes' own.

Not repeated: ratcheting. An API server lets an old fault pass in a value that an update leaves alone; here it is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

from gitops_mcp.domain.objects import Object, Path, dotted_path
from gitops_mcp.domain.schema.cel_rules import RulePlace, judge_rules
from gitops_mcp.domain.schema.node import SchemaNode, has_rules, root_node
from gitops_mcp.domain.schema.structure import Found, examine, fill_defaults, null_paths
from gitops_mcp.domain.schema.unfilled import unfilled_paths
from gitops_mcp.domain.schema.verdict import SchemaFault, Unchecked, Verdict, sort_faults

__all__ = ["Schema", "SchemaFault", "Unchecked", "Verdict", "compile_schema"]

_KEPT = 32


@dataclass(frozen=True, eq=False)
class Schema:
    root: SchemaNode
    has_cel: bool
    """False: either the kind has no rules or whoever served the schema left them out."""

    def verdict(self, given: Object, *, before: Object | None = None) -> Verdict:
        """Of an object that is created, or that replaces `before`; both as in Git, without defaults."""
        found = Found()
        value = fill_defaults(self.root, given)
        examine(self.root, value, (), found)
        if self.has_cel:
            old = fill_defaults(self.root, before) if before is not None else None
            judge_rules(RulePlace(self.root, value, old, (), (*unfilled_paths(value), *unfilled_paths(old))), found)
        skipped = tuple(dict.fromkeys(dotted_path(path) for path in found.skipped))
        return Verdict(sort_faults(found.faults), skipped, tuple(dict.fromkeys(found.unchecked)))

    def examine(self, given: Object) -> tuple[SchemaFault, ...]:
        """Faults of structure, without CEL and without defaults."""
        found = Found()
        examine(self.root, given, (), found)
        return sort_faults(found.faults)

    def nulls(self, given: Object) -> tuple[Path, ...]:
        """The places of nulls that the schema knows no null for, and has no default to put there."""
        return tuple(null_paths(self.root, given, ()))

    def fill(self, given: Object) -> Object:
        """With the schema's defaults, and without nulls."""
        filled: Object = fill_defaults(self.root, given)
        return filled

    def faults(self, given: Object, *, before: Object | None = None) -> tuple[SchemaFault, ...]:
        return self.verdict(given, before=before).faults


_schemas: dict[str, Schema] = {}
_lock = Lock()


def compile_schema(schema: Object, *, key: str) -> Schema:
    """The schema made ready; the same `key` (a hash or a version of it) gives the same one again.

    `schema` is a CRD's `openAPIV3Schema` or a component of `/openapi/v3`, whose `$ref`s are taken as open.
    """
    with _lock:
        if key in _schemas:
            return _schemas[key]
    ready = Schema(root_node(schema), has_rules(schema))
    with _lock:
        while len(_schemas) >= _KEPT:
            del _schemas[next(iter(_schemas))]
        return _schemas.setdefault(key, ready)

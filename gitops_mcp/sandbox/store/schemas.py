"""Small schemas of our own for custom kinds whose CRDs are not CloudNativePG's, and so are not at hand.

They hold the fields of spec by name, and of those that the project reads or writes the type, the bounds and the
default that the CRDs of Barman Cloud, Argo CD, Flux, External Secrets and Sealed Secrets give them. Below the fields of
spec whatever is not described is kept as it came; a field of spec that is not named is unknown, as a misspelt one is.
"""

from __future__ import annotations

from typing import Any

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.store.resources import Served

PRESERVE = "x-kubernetes-preserve-unknown-fields"
_ANY: Object = {PRESERVE: True}
_STATUS: Object = {"type": "object", PRESERVE: True}


def _text(default: str | None = None, **rules: Any) -> Object:
    return _of_type("string", default, rules)


def _number(default: int | None = None, **rules: Any) -> Object:
    return _of_type("integer", default, rules)


def _flag(default: bool | None = None) -> Object:
    return _of_type("boolean", default, {})


def _choice(*choices: str, default: str | None = None) -> Object:
    return _of_type("string", default, {"enum": list(choices)})


def _of_type(kind: str, default: Any, rules: Object) -> Object:
    return {"type": kind, **({} if default is None else {"default": default}), **rules}


def _list(item: Object | None = None, **rules: Any) -> Object:
    return {"type": "array", "items": item or _ANY, **rules}


def _open(*required: str, **fields: Object) -> Object:
    """An object of which only some fields are described; the others are kept."""
    return {**_exactly(*required, **fields), PRESERVE: True}


def _exactly(*required: str, **fields: Object) -> Object:
    """An object that has these fields and no others."""
    return {"type": "object", "properties": fields, **({"required": list(required)} if required else {})}


def _names(kind: Object, names: str) -> dict[str, Object]:
    return dict.fromkeys(names.split(), kind)


def _custom(resource: Resource, spec: Object, *, short: tuple[str, ...] = ()) -> Served:
    schema = _exactly("metadata", "spec", metadata={"type": "object"}, spec=spec, status=_STATUS)
    return Served(resource, short, schema=schema, status=True)


def _plain(resource: Resource, spec: Object, *, short: tuple[str, ...] = (), **others: Object) -> Served:
    """A kind without subresources: its status, if there is one, is a field like any other."""
    schema = _exactly("metadata", "spec", metadata={"type": "object"}, spec=spec, **others)
    return Served(resource, short, schema=schema)


_OBJECT: Object = {"type": "object", PRESERVE: True}

_OBJECT_STORE_SPEC = _exactly(
    "configuration",
    configuration=_open("destinationPath", destinationPath=_text(minLength=1)),
    instanceSidecarConfiguration=_OBJECT,
    retentionPolicy=_text(pattern="^[1-9][0-9]*[dwm]$"),
)

_APPLICATION_SPEC = _exactly(
    "destination",
    "project",
    **_names(_OBJECT, "destination source sourceHydrator syncPolicy"),
    **_names(_list(), "ignoreDifferences info sources"),
    project=_text(),
    revisionHistoryLimit=_number(),
)

_APPLICATION_SET_SPEC = _open("generators", "template", generators=_list(), template=_OBJECT, goTemplate=_flag())

_KUSTOMIZATION_SPEC = _open(
    "interval",
    "prune",
    "sourceRef",
    **_names(_flag(), "prune suspend wait"),
    **_names(_text(), "interval path targetNamespace timeout"),
    deletionPolicy=_choice("MirrorPrune", "Delete", "WaitForTermination", "Orphan"),
    force=_flag(False),
    sourceRef=_open("kind", "name", kind=_text(), name=_text()),
)

_GIT_REPOSITORY_SPEC = _open(
    "interval", "url", **_names(_text(), "interval url"), **_names(_OBJECT, "ref secretRef"), suspend=_flag()
)

_APP_PROJECT_SPEC = _open(**_names(_list(), "destinations sourceRepos syncWindows"))

_HELM_RELEASE_SPEC = _open(
    "interval", **_names(_text(), "interval targetNamespace"), **_names(_OBJECT, "chart chartRef"), suspend=_flag()
)

_TEXTS: Object = {"type": "object", "additionalProperties": _text()}

_EXTERNAL_SECRET_SPEC = _exactly(
    **_names(_OBJECT, "secretStoreRef syncWindows"),
    data=_list(),
    dataFrom=_list(
        _open(
            sourceRef=_open(
                generatorRef=_open(
                    "kind",
                    "name",
                    apiVersion=_text(kinds.PASSWORD.api_version),
                    kind=_text(),
                    name=_text(minLength=1, maxLength=253),
                )
            )
        )
    ),
    refreshInterval=_text("1h0m0s"),
    refreshPolicy=_choice("CreatedOnce", "Periodic", "OnChange"),
    target=_open(
        name=_text(minLength=1, maxLength=253),
        creationPolicy=_choice("Owner", "Orphan", "Merge", "None", "CreateOrMerge", default="Owner"),
        deletionPolicy=_choice("Delete", "Merge", "Retain", default="Retain"),
        immutable=_flag(),
        template=_open(
            data=_TEXTS,
            engineVersion=_choice("v2", default="v2"),
            mergePolicy=_choice("Replace", "Merge", default="Replace"),
            metadata=_open(labels=_TEXTS, annotations=_TEXTS),
            type=_text(),
        ),
    )
    | {"default": {"creationPolicy": "Owner", "deletionPolicy": "Retain"}},
)

_PASSWORD_SPEC = _exactly(
    "allowRepeat",
    "length",
    "noUpper",
    **_names(_number(), "digits symbols"),
    allowRepeat=_flag(False),
    encoding=_choice("base64", "base64url", "base32", "hex", "raw", default="raw"),
    length=_number(24),
    noUpper=_flag(False),
    secretKeys=_list(_text(), minItems=1),
    symbolCharacters=_text(),
)

_SEALED_SECRET_SPEC = _exactly(
    "encryptedData",
    data=_text(),
    encryptedData=_TEXTS,
    template=_open(type=_text(), immutable=_flag(), data=_TEXTS, metadata=_open(labels=_TEXTS, annotations=_TEXTS)),
)

OWN = (
    _custom(kinds.OBJECT_STORE, _OBJECT_STORE_SPEC),
    _plain(kinds.APPLICATION, _APPLICATION_SPEC, short=("app", "apps"), status=_STATUS, operation=_STATUS),
    _custom(kinds.APPLICATION_SET, _APPLICATION_SET_SPEC, short=("appset", "appsets")),
    _plain(kinds.APP_PROJECT, _APP_PROJECT_SPEC, short=("appproj", "appprojs"), status=_STATUS),
    _custom(kinds.GIT_REPOSITORY, _GIT_REPOSITORY_SPEC, short=("gitrepo",)),
    _custom(kinds.KUSTOMIZATION, _KUSTOMIZATION_SPEC, short=("ks",)),
    _custom(kinds.HELM_RELEASE, _HELM_RELEASE_SPEC, short=("hr",)),
    _custom(kinds.EXTERNAL_SECRET, _EXTERNAL_SECRET_SPEC, short=("es",)),
    _custom(kinds.PASSWORD, _PASSWORD_SPEC),
    _custom(kinds.SEALED_SECRET, _SEALED_SECRET_SPEC),
)

"""Passwords that the External Secrets Operator generates: Git and this server never see one.

A `Password` generator makes a new value each time that the operator asks it. Two words keep the first one:
`refreshPolicy: CreatedOnce` asks once for an ExternalSecret, and `immutable: true` stands in the way of the writes that
happen nevertheless (an ExternalSecret whose Secret was edited is synchronised again,
https://github.com/external-secrets/external-secrets/issues/6640). So a password is changed by a Secret of another name.
The Secret belongs to its ExternalSecret and goes with it: Git says when.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gitops_mcp.adapters.secrets.interface import PASSWORD_LENGTH, WantedSecret
from gitops_mcp.adapters.secrets.manifest import document_metadata, reload_label
from gitops_mcp.domain.cnpg.password_secret import BASIC_AUTH
from gitops_mcp.domain.kinds import EXTERNAL_SECRET, PASSWORD
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.domain.yaml.render import render_manifest

_CODE = re.compile(r"[{}$]")
"""What Go's templates, or the substitution of variables in Flux and kustomize, may take for theirs."""
_ESCAPED = re.compile(r'[{}$"\\]')


@dataclass(frozen=True)
class ExternalSecrets:
    secret: Resource = EXTERNAL_SECRET
    generator: Resource = PASSWORD
    """In the versions that are written."""

    def path(self, path: str, /) -> str:
        return path

    def file(self, wanted: WantedSecret, _path: str, /, *, eol: str = "\n") -> str:
        documents = (_generator(self.generator, wanted), _external_secret(self, wanted))
        return f"---{eol}".join(render_manifest(document, eol=eol) for document in documents)


def _generator(kind: Resource, wanted: WantedSecret) -> Object:
    # The CRD asks for the last two; repeats are allowed, as without them each character tells of the others.
    spec = {"length": PASSWORD_LENGTH, "symbols": 0, "allowRepeat": True, "noUpper": False}
    return {**_head(kind, wanted), "spec": spec}


def _external_secret(kinds: ExternalSecrets, wanted: WantedSecret) -> Object:
    template = {
        "engineVersion": "v2",
        "type": BASIC_AUTH,
        "metadata": {"labels": reload_label()},
        "data": {"username": verbatim_template(wanted.username), "password": "{{ .password }}"},
    }
    generator = {"apiVersion": kinds.generator.api_version, "kind": kinds.generator.kind, "name": wanted.name}
    # Of the policy older releases know nothing; an interval of zero means the same there.
    once = {"refreshInterval": "0"} if kinds.secret.version == "v1beta1" else {"refreshPolicy": "CreatedOnce"}
    spec = {
        **once,
        "target": {"name": wanted.name, "creationPolicy": "Owner", "immutable": True, "template": template},
        "dataFrom": [{"sourceRef": {"generatorRef": generator}}],
    }
    return {**_head(kinds.secret, wanted), "spec": spec}


def _head(resource: Resource, wanted: WantedSecret) -> Object:
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": document_metadata(wanted)}


def verbatim_template(text: str) -> str:
    """A template of Go's text/template that gives this text: the text itself wherever that is so."""
    if not _CODE.search(text):
        return text
    return '{{ "' + _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + '" }}'

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

import gitops_mcp
from gitops_mcp.config import Flags, json_schema, resolve_settings
from gitops_mcp.errors import InvalidRequest

VALIDATOR = Draft202012Validator(json_schema())


def objects(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [found for part in node for found in objects(part)]
    if not isinstance(node, dict):
        return []
    return [node, *(found for part in node.values() for found in objects(part))]


def test_it_is_a_schema_of_2020_12() -> None:
    Draft202012Validator.check_schema(json_schema())
    assert json_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_it_has_every_key_with_its_description_and_default() -> None:
    top = json_schema()["properties"]
    assert list(top) == [
        "base",
        "remote",
        "branchPrefix",
        "push",
        "forge",
        "pullRequests",
        "commit",
        "timeouts",
        "environments",
        "layout",
        "passwords",
        "images",
        "limits",
    ]
    for node in objects(json_schema()):
        for name, key in node.get("properties", {}).items():
            assert key["description"], name
            assert "default" in key or key["type"] == "object", name


def test_no_mapping_takes_other_keys() -> None:
    mappings = [node for node in objects(json_schema()) if node.get("type") == "object"]
    assert len(mappings) == 16
    assert [node["additionalProperties"] for node in mappings] == [False] * 16


def test_its_defaults_are_the_defaults() -> None:
    def filled(place: dict[str, Any]) -> Any:
        if "properties" not in place:
            return place["default"]
        return {name: filled(key) for name, key in place["properties"].items()}

    written = yaml.safe_dump(filled(json_schema()))
    assert "maxInstances: 9" in written
    assert resolve_settings(written, Flags()) == resolve_settings(None, Flags())


GOOD = [
    "{}",
    "base: main\nremote: null\nbranchPrefix: a/b/\npush: never\n",
    "forge: {type: gitea, url: 'http://[::1]:3000/git', api: 'https://api.git.example.com'}\n",
    "pullRequests: {open: never, draft: true, labels: [a, 'b c'], reviewers: [jane, 'renovate[bot]', platform/dba]}\n",
    "commit: {signoff: true, hooks: required}\ntimeouts: {git: 1, kubernetes: 0.5}\n",
    "environments: {prod-1: {context: a@b, path: x/y, namespaces: [shop], engine: {type: flux, namespace: flux}}}\n",
    "environments: null\nlayout: {cluster: 'x/{cluster}.yml'}\nimages: {postgres: localhost:5000/pg}\n",
    "passwords: {provider: sops, sealedSecrets: {certificate: /etc/cert.pem, namespace: ops, name: a.b}}\n",
    "environments: {dev: {delivery: direct, passwords: {provider: cluster}}}\nlayout: {role: 'x/{name}.yml', secret: '{name}.yaml'}\n",
    "environments: {prod: {operator: 1.29.2}, dev: {operator: auto}}\n",
    "limits: {maxInstances: 100, storageClasses: [a.b-c]}\n",
    "environments: {prod: {metrics: {prometheus: 'https://prometheus.example.com:9090/a/api/v1/'}}}\n",
]
BAD = [
    "forge: {type: bitbucket}",
    "forge: {url: git.example.com}",
    "forge: {url: 'https://user:secret@git.example.com'}",
    "forge: {url: 'https://git.example.com?token=x'}",
    "forge: {api: 'https://[::1'}",
    "environments: {prod: {metrics: {prometheus: prometheus.example.com}}}",
    "environments: {prod: {metrics: {prometheus: 'https://me:s3cret@prometheus.example.com'}}}",
    "environments: {prod: {metrics: {prometheus: 'https://prometheus.example.com?x=1'}}}",
    "environments: {prod: {metrics: {token: x}}}",
    "metrics: {prometheus: 'https://prometheus.example.com'}",
    "pullRequests: {open: always}",
    "pullRequests: {labels: ['a,b']}",
    "pullRequests: {labels: ['']}",
    "pullRequests: {reviewers: ['jane doe']}",
    "pullRequests: {reviewers: ['--x']}",
    "pushh: auto",
    "push: sometimes",
    "base: 5",
    "base: ''",
    "branchPrefix: x",
    "commit: {hooks: maybe}",
    "timeouts: {git: 0}",
    "timeouts: {git: 601}",
    "timeouts: {git: '60'}",
    "environments: {}",
    "environments: {Prod: {}}",
    "environments: {prod: null}",
    "environments: {prod: {delivery: both}}",
    "environments: {prod: {namespaces: []}}",
    "environments: {prod: {namespaces: [A]}}",
    "environments: {prod: {engine: {kind: flux}}}",
    "environments: {prod: {operator: 1.29}}",
    "environments: {prod: {operator: null}}",
    "environments: {prod: {operator: 1.29.x}}",
    "layout: {cluster: 'x.yaml'}",
    "layout: {role: 'x.yaml'}",
    "passwords: {provider: vault}",
    "passwords: {provider: null}",
    "passwords: {sealedSecrets: {certificate: ''}}",
    "passwords: {sealedSecrets: {name: A}}",
    "images: {postgres: 'a/b:1'}",
    "limits: {maxInstances: 0}",
    "limits: {maxInstances: 1.5}",
    "limits: {storageClasses: []}",
    "[]",
]


@pytest.mark.parametrize("text", GOOD)
def test_an_editor_accepts_what_the_server_accepts(text: str) -> None:
    VALIDATOR.validate(yaml.safe_load(text))
    resolve_settings(text, Flags())


@pytest.mark.parametrize("text", BAD)
def test_an_editor_refuses_what_the_server_refuses(text: str) -> None:
    assert not VALIDATOR.is_valid(yaml.safe_load(text))
    with pytest.raises(InvalidRequest):
        resolve_settings(text, Flags())


def test_the_public_image_repository_is_written_in_one_place() -> None:
    package = Path(gitops_mcp.__file__).parent
    holders = [file.name for file in package.rglob("*.py") if "ghcr.io/cloudnative-pg" in file.read_text()]
    assert holders == ["images.py"]

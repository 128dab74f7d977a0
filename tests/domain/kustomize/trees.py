"""Small trees, written shortly."""

from __future__ import annotations

import json
from typing import Any

HEAD = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db}\n"
CLUSTER = """apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
spec:
  instances: 3
  storage: {size: 1Gi}
  names: [a, b]
  managed:
    roles:
      - name: app
        login: true
      - name: ro
"""
CONFIG = """apiVersion: v1
kind: ConfigMap
metadata: {name: cfg}
data: {n: "5", s: a-b-c, host: h, yes: "on", bool: "true", hex: "0x1F", none: ""}
"""
POOLER = """apiVersion: postgresql.cnpg.io/v1
kind: Pooler
metadata: {name: db}
spec:
  cluster: {name: db}
  imageName: x/y:1
  selector: {matchLabels: {q: r}}
  template:
    metadata: {labels: {q: r}, annotations: {}}
    spec:
      containers:
        - {name: a, image: "x/y:1"}
        - {name: b, image: "q:7@sha256:0000"}
        - {name: c, image: w}
        - {name: d, image: "reg:5000/x/y"}
        - {name: e}
        - {name: f, image: "x/yy:1"}
      initContainers: [{name: i, image: x/y}]
"""
COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"


def one(kustomization: str, document: str = CLUSTER, **files: str) -> dict[str, str]:
    """A folder with one manifest; further files by their name without `.yaml`."""
    more = {f"{name}.yaml": text for name, text in files.items()}
    return {"c.yaml": document, "kustomization.yaml": f"resources: [c.yaml]\n{kustomization}", **more}


def patch_file(patch: str, document: str = CLUSTER, *, target: str = "") -> dict[str, str]:
    return one(f"patches: [{{path: p.yaml{f', target: {target}' if target else ''}}}]\n", document, p=patch)


def operations(
    operations: str, document: str = HEAD + "spec: {a: 1, l: [a, b], m: {x: 1}, n: null, k/e~y: 1}\n"
) -> dict[str, str]:
    return patch_file(operations, document, target="{kind: Cluster}")


def inline(text: str) -> str:
    """An entry of `patches` with the text inline."""
    return "- patch: |\n" + "".join(f"    {line}\n" for line in text.splitlines())


def merge(spec: str, name: str = "db", namespace: str = "") -> str:
    metadata = f"name: {name}{f', namespace: {namespace}' if namespace else ''}"
    return inline(HEAD.replace("name: db", metadata) + f"spec: {spec}\n")


def add(field: str, value: Any = 1, target: str = "{kind: Cluster}") -> str:
    """An entry of `patches` that adds one field below `spec`."""
    return f"- target: {target}\n  patch: '{json.dumps([{'op': 'add', 'path': f'/spec/{field}', 'value': value}])}'\n"

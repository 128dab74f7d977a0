from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from gitops_mcp.adapters.secrets.external import ExternalSecrets, verbatim_template
from gitops_mcp.adapters.secrets.interface import WantedSecret
from gitops_mcp.domain.kinds import EXTERNAL_SECRET, PASSWORD
from gitops_mcp.sandbox.api import Store
from gitops_mcp.sandbox.store.resources import NAMESPACE
from tests.adapters.secrets.conftest import WANTED

FOLDER = os.environ.get("GITOPS_MCP_TEST_CRDS")

TEXT = """\
apiVersion: generators.external-secrets.io/v1alpha1
kind: Password
metadata:
  name: orders-my-role
  namespace: shop
  labels:
    app.kubernetes.io/managed-by: gitops-mcp
spec:
  length: 40
  symbols: 0
  allowRepeat: true
  noUpper: false
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: orders-my-role
  namespace: shop
  labels:
    app.kubernetes.io/managed-by: gitops-mcp
spec:
  refreshPolicy: CreatedOnce
  target:
    name: orders-my-role
    creationPolicy: Owner
    immutable: true
    template:
      engineVersion: v2
      type: kubernetes.io/basic-auth
      metadata:
        labels:
          cnpg.io/reload: "true"
      data:
        username: my_role
        password: "{{ .password }}"
  dataFrom:
    - sourceRef:
        generatorRef:
          apiVersion: generators.external-secrets.io/v1alpha1
          kind: Password
          name: orders-my-role
"""


def test_the_file_has_a_generator_and_what_asks_it_once() -> None:
    assert ExternalSecrets().path("a/b.yaml") == "a/b.yaml"
    assert ExternalSecrets().file(WANTED, "a/b.yaml") == TEXT


def test_the_file_has_the_line_ends_of_the_repository() -> None:
    assert ExternalSecrets().file(WANTED, "a/b.yaml", eol="\r\n") == TEXT.replace("\n", "\r\n")


@pytest.mark.skipif(not FOLDER, reason="GITOPS_MCP_TEST_CRDS names no folder of CRDs")
@pytest.mark.parametrize("username", ["my_role", "{{ .x }}"])
def test_both_documents_are_what_their_crds_take(username: str) -> None:
    assert FOLDER
    store = Store(crds=Path(FOLDER))
    store.create(NAMESPACE, {"metadata": {"name": "shop"}})
    text = ExternalSecrets().file(WantedSecret("shop", "orders-my-role", username), "a.yaml")
    for resource, document in zip((PASSWORD, EXTERNAL_SECRET), yaml.safe_load_all(text), strict=True):
        made = store.create(resource, document)
        # A field that the CRD does not know would be gone.
        assert {key: made["spec"][key] for key in document["spec"]}.keys() == document["spec"].keys()
        if resource is EXTERNAL_SECRET:
            template = document["spec"]["target"]["template"]
            assert {key: made["spec"]["target"]["template"][key] for key in template} == template


def test_gos_own_templates_give_the_username_back(tmp_path: Path) -> None:
    """kubectl has the text/template that the operator has."""
    names = [
        "my_role",
        'ro"le',
        "роль",
        "{{ .password }}",
        '{{ "}}" }}',
        "a{b}\\u0041`",
        "${HOME}",
        "{{- 1 -}}",
        "{",
        " x ",
    ]
    template = tmp_path / "template"
    template.write_text("\n".join(verbatim_template(name) for name in names))
    kubectl = ["kubectl", "create", "configmap", "x", "--dry-run=client", "-o", f"go-template-file={template}"]
    ran = subprocess.run(kubectl, capture_output=True, text=True, check=True)
    assert ran.stdout.split("\n") == names


@pytest.mark.parametrize("username", ["${HOME}", "$(VAR)", "{{ .Values.x }}"])
def test_no_variable_in_a_username_is_left_for_others_to_substitute(username: str) -> None:
    text = ExternalSecrets().file(WantedSecret("shop", "orders-x", username), "a.yaml")
    assert "$" not in text
    assert ".Values" not in text.replace(r"\u007b\\u007b .Values", "")

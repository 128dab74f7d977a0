"""What a real API server and operator kept of what they were sent: neither drift nor a surprise."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.cnpg.defaults import fill_webhook_defaults
from gitops_mcp.domain.live.drift import drift
from gitops_mcp.domain.objects import Object
from tests.domain.rules.recorded.rows import MAIN, schema_of, stored

ROWS = [pytest.param(sent, kept, id=f"{sent['kind']} {sent['metadata']['name']}") for sent, kept in stored()]
DEFAULT_IMAGE = "registry.example/operator-default/postgresql:18.6-system-trixie"
"""As the recording renames it."""


@pytest.mark.parametrize(("sent", "kept"), ROWS)
def test_nothing_that_the_server_fills_in_or_spells_otherwise_is_drift(sent: Object, kept: Object) -> None:
    assert drift(sent, kept) == ()


@pytest.mark.parametrize(("sent", "kept"), ROWS)
def test_defaults_are_those_of_the_server(sent: Object, kept: Object) -> None:
    schema = schema_of(sent)
    filled = fill_webhook_defaults(schema.fill(sent), operator=MAIN)
    image = filled["spec"].get("imageName")
    if image != sent["spec"].get("imageName"):
        assert image == "ghcr.io/cloudnative-pg/postgresql:18.6-system-trixie"
        filled["spec"]["imageName"] = DEFAULT_IMAGE
    made = schema.fill(filled)
    assert (drift(made, kept), drift(kept, made)) == ((), ())
    assert made["spec"].keys() == kept["spec"].keys()

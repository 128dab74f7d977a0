from __future__ import annotations

import pytest

from gitops_mcp.app import App
from gitops_mcp.config import Flags, resolve_settings
from gitops_mcp.config.options import DEFAULT_TOOLSETS
from gitops_mcp.workflows.setup.rights import needed_roles

READ = {"read": "fail", "read-catalogs": "warn", "read-engine": "warn", "read-schemas": "warn", "logs": "warn"}
DIRECT = {"direct": "fail", "direct-objects": "warn"}


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        pytest.param("{}", {**READ, "metrics": "warn"}, id="nothing said"),
        pytest.param("{metrics: {prometheus: https://p.shop.test}}", READ, id="a Prometheus measures"),
        pytest.param(
            "{engine: {type: none}}",
            {name: READ[name] for name in READ if name != "read-engine"} | {"metrics": "warn"},
            id="no engine",
        ),
        pytest.param(
            "{passwords: {provider: sealed-secrets}}",
            {**READ, "metrics": "warn", "password-conditions": "warn"},
            id="a provider with a controller",
        ),
        pytest.param(
            "{passwords: {provider: cluster}}",
            {**READ, "metrics": "warn", "password-secrets": "fail"},
            id="passwords that the server writes",
        ),
        pytest.param(
            "{delivery: direct, passwords: {provider: external-secrets}}",
            {**READ, "metrics": "warn", **DIRECT, "direct-passwords": "fail", "promote": "warn", "restart": "warn"},
            id="direct delivery",
        ),
    ],
)
def test_a_role_is_asked_for_where_the_configuration_makes_use_of_it(environment: str, wanted: dict[str, str]) -> None:
    app = App.open(Flags(toolsets=DEFAULT_TOOLSETS | {"direct"}))
    settings = resolve_settings(f"environments:\n  dev: {environment}\n", app.flags)
    found = {role.name: state for role, state, _ in needed_roles(app, settings.environments["dev"])}
    assert found == {f"gitops-mcp-{name}": state for name, state in wanted.items()}

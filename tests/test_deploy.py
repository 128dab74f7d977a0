"""The manifests of the server itself: what they run, that it has the least rights, and that the chart makes the same."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_mcp import __version__
from gitops_mcp.command_line import argument_parser
from gitops_mcp.domain.engines.charts.engine import ChartRequest, NotRendered
from tests.charts import helm, needs_helm

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "chart"
COMPONENTS = ("rights", "ingress", "httproute", "servicemonitor")
IDS = {"rights": "rights", "ingress": "ingress", "httproute": "httpRoute", "servicemonitor": "serviceMonitor"}

Manifest = dict[str, Any]


def kustomized(folder: Path) -> dict[tuple[str, str], Manifest]:
    made = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=True).stdout
    return by_name(made)


def by_name(text: str) -> dict[tuple[str, str], Manifest]:
    found = [one for one in yaml.safe_load_all(text) if one]
    named = {(one["kind"], one["metadata"]["name"]): one for one in found}
    assert len(named) == len(found)
    return named


def charted(values: Mapping[str, Any], release: str = "gitops-mcp") -> dict[tuple[str, str], Manifest]:
    files = {str(file.relative_to(CHART)): file.read_text() for file in CHART.rglob("*") if file.is_file()}
    made = helm().render(
        ChartRequest(files, (yaml.safe_dump(dict(values)),), (), release, "tools", "1.33.0", ("v1", "apps/v1"))
    )
    assert not isinstance(made, NotRendered), made.reason
    return by_name("\n---\n".join(made.values()))


def in_tools(folder: Path, *components: str) -> dict[tuple[str, str], Manifest]:
    """The base with components, in namespace tools."""
    folder.mkdir()
    wanted = {"namespace": "tools", "resources": ["base"], "components": [f"components/{one}" for one in components]}
    for name in ("base", "components"):
        (folder / name).symlink_to(DEPLOY / name)
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(wanted))
    return kustomized(folder)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Manifest]:
    return in_tools(tmp_path_factory.mktemp("deploy") / "tools")


@pytest.fixture(scope="module")
def pod(base: Mapping[tuple[str, str], Manifest]) -> Manifest:
    spec: Manifest = base["Deployment", "gitops-mcp"]["spec"]["template"]["spec"]
    return spec


@pytest.fixture(scope="module")
def container(pod: Manifest) -> Manifest:
    (only,) = pod["containers"]
    return dict(only)


def test_the_base_has_what_a_server_for_a_team_needs(base: Mapping[tuple[str, str], Manifest]) -> None:
    assert sorted(kind for kind, _ in base) == [
        "ConfigMap",
        "Deployment",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Service",
        "ServiceAccount",
    ]
    assert {one["metadata"]["namespace"] for one in base.values()} == {"tools"}


def test_the_pod_keeps_to_the_restricted_profile(pod: Manifest, container: Manifest) -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted"""
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] != 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {frozenset(volume) - {"name"} for volume in pod["volumes"]} == {
        frozenset({"emptyDir"}),
        frozenset({"configMap"}),
        frozenset({"secret"}),
    }
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(pod)


def test_every_argument_is_one_that_the_server_knows(container: Manifest) -> None:
    given = argument_parser().parse_args(container["args"])
    assert (given.command, given.transport, given.host, given.port) == ("serve", "http", "0.0.0.0", "8080")  # noqa: S104 - in a pod


def test_the_probes_ask_the_port_that_the_server_listens_on(container: Manifest) -> None:
    assert container["ports"] == [{"name": "http", "containerPort": 8080}]
    asked = {name: container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert asked == {
        "startupProbe": {"path": "/healthz", "port": "http"},
        "livenessProbe": {"path": "/healthz", "port": "http"},
        "readinessProbe": {"path": "/readyz", "port": "http"},
    }


def test_no_secret_stands_in_what_is_applied() -> None:
    made = kustomized(DEPLOY / "overlays" / "example")
    assert "Secret" not in {kind for kind, _ in made}
    text = "".join(file.read_text() for file in DEPLOY.rglob("*.yaml"))
    assert not re.search(r"BEGIN .*KEY|(?i:password:|token:)", text)


def test_what_selects_pods_selects_those_of_the_deployment(base: Mapping[tuple[str, str], Manifest]) -> None:
    labels = base["Deployment", "gitops-mcp"]["spec"]["template"]["metadata"]["labels"]
    assert base["Service", "gitops-mcp"]["spec"]["selector"] == labels
    assert base["PodDisruptionBudget", "gitops-mcp"]["spec"]["selector"]["matchLabels"] == labels
    assert base["NetworkPolicy", "gitops-mcp"]["spec"]["podSelector"]["matchLabels"] == labels
    assert base["Deployment", "gitops-mcp"]["spec"]["selector"]["matchLabels"] == labels


def test_the_rights_are_those_of_the_read_only_file_bound_to_the_server(tmp_path: Path) -> None:
    made = in_tools(tmp_path / "tools", "rights")
    bound = {name: one for (kind, name), one in made.items() if kind == "ClusterRoleBinding"}
    roles = {role["metadata"]["name"] for role in yaml.safe_load_all((ROOT / "rbac" / "read-only.yaml").read_text())}
    assert {one["roleRef"]["name"] for one in bound.values()} == roles
    assert [one["subjects"] for one in bound.values()] == [
        [{"kind": "ServiceAccount", "name": "gitops-mcp", "namespace": "tools"}]
    ] * len(roles)


@needs_helm
def test_the_chart_makes_what_the_base_has(base: Mapping[tuple[str, str], Manifest]) -> None:
    assert_alike(charted({}), base)


@needs_helm
@pytest.mark.parametrize("component", COMPONENTS)
def test_the_chart_makes_what_each_component_has(component: str, tmp_path: Path) -> None:
    assert_alike(charted({IDS[component]: {"enabled": True}}), in_tools(tmp_path / "tools", component))


@needs_helm
def test_another_release_names_all_that_it_makes_after_itself() -> None:
    made = charted({one: {"enabled": True} for one in IDS.values()}, release="team")
    named = {name for kind, name in made if kind != "ClusterRoleBinding"}
    assert named == {"team-gitops-mcp"}
    assert {name for kind, name in made if kind == "ClusterRoleBinding"} == {
        "team-gitops-mcp-read",
        "team-gitops-mcp-read-catalogs",
        "team-gitops-mcp-read-engine",
    }
    # Names of roles, images, paths and labels are the product's own; all else is the release's.
    (container,) = made["Deployment", "team-gitops-mcp"]["spec"]["template"]["spec"]["containers"]
    read = [one["valueFrom"]["configMapKeyRef"]["name"] for one in container["env"] if "valueFrom" in one]
    assert read == ["team-gitops-mcp"] * 2


@needs_helm
def test_the_chart_takes_a_digest_more_arguments_and_where_pods_go() -> None:
    digest = f"sha256:{'0' * 64}"
    values = {
        "image": {"digest": digest},
        "args": ["--read-only"],
        "nodeSelector": {"pool": "tools"},
        "tolerations": [{"key": "tools", "operator": "Exists"}],
        "networkPolicy": {"enabled": False},
        "podDisruptionBudget": {"enabled": False},
        "serviceAccount": {"annotations": {"example.com/role": "reader"}},
    }
    made = charted(values)
    pod = made["Deployment", "gitops-mcp"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"].endswith(f"/gitops-mcp@{digest}")
    assert pod["containers"][0]["args"][-1] == "--read-only"
    assert (pod["nodeSelector"], pod["tolerations"]) == (values["nodeSelector"], values["tolerations"])
    assert made["ServiceAccount", "gitops-mcp"]["metadata"]["annotations"] == {"example.com/role": "reader"}
    assert sorted(kind for kind, _ in made) == ["ConfigMap", "Deployment", "Service", "ServiceAccount"]


def test_every_version_is_the_one_of_the_package() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    example = yaml.safe_load((DEPLOY / "overlays" / "example" / "kustomization.yaml").read_text())
    image = re.search(r"image: (\S+)", (DEPLOY / "base" / "deployment.yaml").read_text())
    assert image is not None
    assert (chart["version"], chart["appVersion"], example["images"][0]["newTag"], image[1].rpartition(":")[2]) == (
        __version__,
        __version__,
        __version__,
        __version__,
    )


def assert_alike(made: Mapping[tuple[str, str], Manifest], wanted: Mapping[tuple[str, str], Manifest]) -> None:
    """Object by object; what a file holds as YAML is compared by what it says."""
    assert sorted(made) == sorted(wanted)
    for name, one in wanted.items():
        assert json.dumps(comparable(made[name]), indent=1, sort_keys=True) == json.dumps(
            comparable(one), indent=1, sort_keys=True
        )


def comparable(one: Manifest) -> Manifest:
    if one["kind"] != "ConfigMap":
        return one
    return {**one, "data": {**one["data"], "http.yaml": yaml.safe_load(one["data"]["http.yaml"])}}

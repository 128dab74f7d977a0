"""What holds for every edit of every chart: the asked field of the asked object changes, or it is refused.

Charts are written here from pieces, each another way from a value to a field, with layers of values and releases that
share some of them. What they make is rendered by Helm itself from the files before and after.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_mcp.domain.editing.field import set_field
from gitops_mcp.domain.engines.charts.engine import ChartRequest, NotRendered
from gitops_mcp.domain.objects import Object, Path, at
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import InvalidRequest, Refused
from tests.charts import application, chart, desired_of, helm, needs_helm, release
from tests.conftest import examples
from tests.drawn import drawn

pytestmark = needs_helm

INSTANCES = (
    "{{ .Values.instances }}",
    "{{ .Values.instances | default 2 }}",
    "{{ .Values.db.instances | default .Values.instances }}",
    "{{ int (tpl (toString .Values.instances) .) }}",
    '{{ include "count" . }}',
    "{{ if .Values.ha }}{{ .Values.instances }}{{ else }}1{{ end }}",
    "{{ mul .Values.instances 2 }}",
    "3",
)
SIZES = (
    "{{ .Values.size }}",
    "{{ .Values.size | quote }}",
    "{{ (.Values.db).size | default .Values.size }}",
    '{{ printf "%vGi" .Values.gibibytes }}',
    "{{ index .Values.sizes .Values.class }}",
    '{{ .Values.size | upper | replace "GI" "Gi" }}',
)  # fmt: skip
ROLES = (
    "",
    "  managed:\n    roles: {{- toYaml .Values.roles | nindent 6 }}\n",
    "  managed:\n    roles:\n    {{- range .Values.roles }}\n    - name: {{ .name }}\n      login: {{ .login | default false }}\n    {{- end }}\n",
    "  managed:\n    roles:\n    {{- range $name, $one := .Values.byName }}\n    - name: {{ $name }}\n      login: {{ $one.login }}\n    {{- end }}\n",
)  # fmt: skip
NAMES = ("{{ .Release.Name }}-db", "{{ .Values.fullname | default .Release.Name }}")
VALUES: Mapping[str, str] = {
    "instances": "3",
    "size": "10Gi",
    "gibibytes": "10",
    "ha": "true",
    "class": "small",
    "sizes": "{small: 10Gi, large: 20Gi}",
    "db": "{instances: 3, size: 10Gi}",
    "roles": "[{name: app, login: true}, {name: report}]",
    "byName": "{app: {login: true}, report: {login: false}}",
    "count": "3",
}
REQUESTS: tuple[tuple[Path, Any], ...] = (
    (("spec", "instances"), 6),
    (("spec", "storage", "size"), "20Gi"),
    (("spec", "managed", "roles", 1, "login"), True),
    (("metadata", "annotations", "cnpg.io/hibernation"), "on"),
    (("spec", "logLevel"), "debug"),
)


@dataclass(frozen=True)
class Written:
    files: Mapping[str, str]
    releases: Mapping[str, tuple[str, ...]]
    """By name, what gives values to Helm: files, or the engine object where they stand inline."""

    def __repr__(self) -> str:
        return "\n".join(f"--- {path}\n{text}" for path, text in sorted(self.files.items()))


@st.composite
def repositories(draw: st.DrawFn) -> Written:
    instances, size, roles, name = (draw(st.sampled_from(choices)) for choices in (INSTANCES, SIZES, ROLES, NAMES))
    annotations = draw(
        st.sampled_from(
            ("", "  {{- with .Values.annotations }}\n  annotations: {{- toYaml . | nindent 4 }}\n  {{- end }}\n")
        )
    )
    template = (
        f"apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata:\n  name: {name}\n{annotations}"
        f"spec:\n  instances: {instances}\n  storage: {{size: {size}}}\n{roles}"
    )
    if draw(st.booleans()):
        template += "---\nkind: ConfigMap\napiVersion: v1\nmetadata: {name: {{ .Release.Name }}}\ndata: {n: {{ .Values.instances | quote }}}\n"
    files = {
        "chart/Chart.yaml": chart(),
        "chart/values.yaml": said(draw, VALUES, all_of_it=True),
        "chart/templates/cluster.yaml": template,
        "chart/templates/_helpers.tpl": '{{ define "count" }}{{ max 1 (int .Values.count) }}{{ end }}',
        "all.yaml": said(draw, VALUES),
    }
    releases: dict[str, tuple[str, ...]] = {}
    for one in draw(st.sampled_from((("a",), ("a", "b")))):
        releases[one] = added(draw, files, one)
    return Written(files, releases)


def said(draw: st.DrawFn, values: Mapping[str, str], *, all_of_it: bool = False) -> str:
    keys = sorted(values) if all_of_it else draw(st.lists(st.sampled_from(sorted(values)), max_size=3, unique=True))
    comment = draw(st.sampled_from(("", "   # as measured")))
    return "".join(f"{key}: {values[key]}{comment}\n" for key in keys) or "{}\n"


def added(draw: st.DrawFn, files: dict[str, str], name: str) -> tuple[str, ...]:
    """A release with layers of its own, and the one that all have in common."""
    layers = [path for path in ("all.yaml", f"{name}.yaml") if draw(st.booleans())]
    files |= {f"{name}.yaml": said(draw, VALUES)}
    inline = said(draw, VALUES) if draw(st.booleans()) else ""
    indented = "".join(f"    {line}\n" for line in inline.splitlines())
    flux = draw(st.booleans())
    path = f"apps/{name}.yaml"
    if flux:
        listed = ", ".join(["chart/values.yaml", *layers])
        text = release(f"values:\n{indented}" if inline else "", name=name)
        files[path] = text.replace("chart: ./chart\n", f"chart: ./chart\n      valuesFiles: [{listed}]\n")
        return (*layers, f"{path}#1.spec.values")
    helm_source = "helm:\n  ignoreMissingValueFiles: true\n"
    helm_source += f"  valueFiles: [{', '.join(f'../{one}' for one in layers)}]\n" if layers else ""
    helm_source += f"  valuesObject:\n{indented}" if inline else ""
    files[path] = application(helm_source, name=name)
    return (*layers, f"{path}#0.spec.source.helm.valuesObject")


def made(written: Written, files: Mapping[str, str]) -> dict[tuple[str, str, str], Object]:
    """By release, kind and name."""
    inside = {path.removeprefix("chart/"): text for path, text in files.items() if path.startswith("chart/")}
    found: dict[tuple[str, str, str], Object] = {}
    for name, layers in written.releases.items():
        request = ChartRequest(inside, tuple(layer(one, files) for one in layers), (), name, "shop", "v1.33.0", ())
        rendered = helm().render(request)
        assert not isinstance(rendered, NotRendered), rendered
        for text in rendered.values():
            found |= {(name, one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(text) if one}
    return found


def layer(one: str, files: Mapping[str, str]) -> str:
    path, _, inner = one.partition("#")
    if not inner:
        return files[path]
    number, *steps = inner.split(".")
    return yaml.safe_dump(at(list(yaml.safe_load_all(files[path]))[int(number)], *steps) or {})


def changed(value: Any, path: Path, new: Any) -> Any:
    """The value with a field set."""
    if not path:
        return new
    step, *rest = path
    if isinstance(step, int):
        return [changed(one, tuple(rest), new) if at_ == step else one for at_, one in enumerate(value)]
    below = value if isinstance(value, dict) else {}
    return {**below, step: changed(below.get(step), tuple(rest), new)}


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(repositories(), st.sampled_from(REQUESTS), st.data())
def test_an_edit_changes_the_asked_field_alone_or_is_refused(
    written: Written, asked: tuple[Path, Any], data: st.DataObject
) -> None:
    before, (path, value) = made(written, written.files), asked
    desired: Desired = desired_of(written.files)
    assert {one.identity.name for one in desired.clusters} == {name for _, kind, name in before if kind == "Cluster"}
    declared = data.draw(st.sampled_from(desired.clusters))
    if isinstance(path[-2], int) and at(declared.object, *path[:-1]) is None:
        return
    try:
        changes = set_field(desired, declared, path, value)
    except (Refused, InvalidRequest):
        drawn(f"refused: {path[-1]}")
        return
    drawn(f"edited: {path[-1]}")
    files = {**written.files, **{one.path: one.after or "" for one in changes}}
    by = declared.applied.name if declared.applied else ""
    key = (by, "Cluster", declared.identity.name)
    assert made(written, files) == {**before, key: changed(before[key], path, value)}

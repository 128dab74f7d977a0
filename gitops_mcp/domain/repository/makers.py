"""What may make an object of CNPG that no document declares: looked for once one was asked for and not found.

Programs, templates, charts, compositions, submodules. Each is told with its line, what it is and what a person would
change, so that "there are none" is never said of what was not looked at.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from configparser import ConfigParser
from configparser import Error as Malformed
from typing import Any

from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.reading import mappings_in, read_documents, texts_in
from gitops_mcp.domain.kustomize import join_path
from gitops_mcp.domain.kustomize.kustomization import is_kustomization
from gitops_mcp.domain.objects import CNPG_GROUP, Path, at, dotted_path, list_at, text_at
from gitops_mcp.domain.redact.looks import without_credentials
from gitops_mcp.domain.repository.desired import Desired, MakerFile
from gitops_mcp.domain.repository.not_applied import chart_of_template, cnpg_documents, find_maker_files
from gitops_mcp.domain.yaml.text import line_of_path

MENTIONS = (
    f"{CNPG_GROUP}/",
    f"{CNPG_GROUP}'",
    f'{CNPG_GROUP}"',
    "PostgresqlCnpgIo",
    "postgresql_cnpg_io",
    "cloudnative-pg.github.io/charts",
    "cloudnative-pg/charts",
)
"""What a file says that makes such objects, in whatever case."""
SUBMODULES = ".gitmodules"

_MENTION = re.compile("|".join(map(re.escape, MENTIONS)), re.IGNORECASE)
_MAKES_CLUSTER = re.compile(r"kind\W{1,6}Cluster\b|V1Cluster\s*[({]|\bnew\s+Cluster\(", re.ASCII)
_DEFINES_TYPE = re.compile(
    r"^(?:schema|class|export (?:class|interface)|type|#\w+:)\s+\w*PostgresqlCnpgIo", re.MULTILINE
)
_BLOCK = re.compile(r'^(?:resource|module|data)\s+"([^"]+)"(?:\s+"([^"]+)")?\s*\{', re.MULTILINE)
_CLUSTER_CHART = re.compile(
    r"cloudnative-pg(?:\.github\.io)?/charts/cluster\b|\b(?:chart|name)\W{1,6}(?:[\w.-]+/)*cluster\b", re.IGNORECASE
)
"""Of what names the charts of CNPG: the one that makes Clusters, not the operator's."""
_SAID_AT_MOST = 10
_USERS_AT_MOST = 5
_UNUSED = "nothing that was seen uses it"
_FOR_PEOPLE = (".md", ".mdx", ".rst", ".adoc", ".txt", ".lock", ".svg", ".html", ".css", ".sum", ".ipynb")
_PROGRAMS: Mapping[tuple[str, ...], str] = {
    (".jsonnet", ".libsonnet"): "a jsonnet program",
    (".k",): "a KCL program",
    (".cue",): "a CUE program",
    (".pkl",): "a Pkl program",
    (".dhall",): "a Dhall program",
    (".nix",): "a Nix program",
    (".ts", ".js", ".py", ".go", ".java", ".cs"): "a program",
    (".tpl", ".gotmpl", ".tmpl"): "a Go template",
    (".j2", ".jinja", ".jinja2"): "a Jinja template",
    (".sh", ".bash"): "a script",
}
_LIBRARIES = {"cdk8s": "a cdk8s program", "pulumi": "a Pulumi program"}


def find_makers(desired: Desired, files: Mapping[str, str], submodules: str) -> list[MakerFile]:
    """`files`: those that mention CNPG, beside what was read of the commit; `submodules`: the text of .gitmodules."""
    every = {**(desired.tree.files if desired.tree else desired.texts), **files}
    declared = {one.path for one in desired.everything if not one.is_rendered}
    patches = {layer.path for one in desired.everything if one.produced for layer in one.produced.layers}
    made = [*_submodules(submodules)]
    for path in sorted(files):
        if path not in declared | patches and not path.endswith(_FOR_PEOPLE):
            made += _makers_of_file(path, every, desired)
    return list({(one.path, one.reason): one for one in made}.values())


def _mention(text: str) -> int | None:
    """Where a text says what makes such an object."""
    for found in _MENTION.finditer(text):
        if not found[0].lower().endswith("charts") or _CLUSTER_CHART.search(text):
            return found.start()
    return None


def told_makers(found: Sequence[MakerFile], name: str | None, folder: str) -> str | None:
    """As many as fit: first those that say the name, that make Clusters, and that lie in the environment's folder."""
    word = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])") if name else None

    def rank(one: MakerFile) -> tuple[bool, bool, bool, bool, str]:
        names = word is not None and bool(word.search(one.mentions))
        is_idle = one.reason.endswith(_UNUSED)
        return not names, is_idle, not _MAKES_CLUSTER.search(one.mentions), not one.path.startswith(folder), one.path

    if not found:
        return None
    ranked = [one.reason for one in sorted(found, key=rank)]
    more = f"; and {len(ranked) - _SAID_AT_MOST} more" if len(ranked) > _SAID_AT_MOST else ""
    return f"files that may make one: {'; '.join(ranked[:_SAID_AT_MOST])}{more}"


def claimed_groups(files: Mapping[str, str]) -> frozenset[str]:
    """The API groups of what compositions make such objects of, so that their claims can be read."""
    found = set()
    for text in files.values():
        for document in read_documents(text) if "ompos" in text or "ResourceGraph" in text else ():
            for path in (("compositeTypeRef", "apiVersion"), ("schema", "apiVersion")):
                group = str(at(document.value, "spec", *path) or "").partition("/")[0]
                found.add(text_at(document.value, "spec", "schema", "group") or group)
    return frozenset(one for one in found if "." in one)


def _makers_of_file(path: str, files: Mapping[str, str], desired: Desired) -> Iterator[MakerFile]:
    text = files[path]
    start = _mention(text)
    if start is None and not is_kustomization(path):
        return
    place = f"{path}:{text.count(chr(10), 0, start or 0) + 1}"
    if (chart := chart_of_template(path, files)) is not None:
        yield from _chart_makers(path, chart, files, desired)
    elif path.endswith((".tf", ".tofu", ".tf.json")):
        yield from _terraform_blocks(path, text, place)
    elif (program := _program(path, text)) is not None:
        if not _DEFINES_TYPE.search(text) and not text.lstrip().startswith("# Code generated"):
            yield MakerFile(path, f"{place} is {program}: change what it makes there by hand, and run it", text)
    elif is_kustomization(path):
        yield from _inflated_charts(path, text)
    elif path.endswith((".yaml", ".yml", ".json")):
        yield from _makers_of_yaml(path, files, desired, place)
    elif CNPG_GROUP in text:
        yield MakerFile(path, f"{place} mentions {CNPG_GROUP}", text)


def _program(path: str, text: str) -> str | None:
    for suffixes, what in _PROGRAMS.items():
        if path.endswith(suffixes):
            return next((known for mark, known in _LIBRARIES.items() if mark in text and what == "a program"), what)
    return None


def _terraform_blocks(path: str, text: str, place: str) -> Iterator[MakerFile]:
    starts = [*_BLOCK.finditer(text)]
    found = False
    for index, start in enumerate(starts):
        body = text[start.start() : starts[index + 1].start() if index + 1 < len(starts) else len(text)]
        if _mention(body) is not None:
            found = True
            name = ".".join(filter(None, start.groups()))
            line = text.count("\n", 0, start.start()) + 1
            yield MakerFile(
                path,
                f"{path}:{line} is {name} of Terraform or OpenTofu: change it there, and apply it by its own plan",
                body,
            )
    if not found:
        yield MakerFile(path, f"{place} is Terraform or OpenTofu: change it there, and apply it by its own plan", text)


def _chart_makers(path: str, chart: str, files: Mapping[str, str], desired: Desired) -> Iterator[MakerFile]:
    """A template, with who uses its chart and where the values of each stand."""
    text = files[path]
    own = posixpath.join(chart, "values.yaml")
    values = f"; its values stand in {own}" if own in files else ""
    users = list(dict.fromkeys(_users_of_chart(chart, files, desired.engines)))
    more = f" and {len(users) - _USERS_AT_MOST} more" if len(users) > _USERS_AT_MOST else ""
    used = f"; it is used by {', '.join(users[:_USERS_AT_MOST])}{more}" if users else f"; {_UNUSED}"
    said = " ".join(files.get(each, "") for each in (own, *(user.partition(" ")[0] for user in users)))
    yield MakerFile(path, f"{path} is a template of the Helm chart {chart}{values}{used}", f"{text} {said}")


def _users_of_chart(chart: str, files: Mapping[str, str], engines: Iterable[EngineObject]) -> Iterator[str]:
    for one in engines:
        if one.chart is not None and one.chart.folder == chart:
            yield str(one)
    for path, text in files.items():
        if path.endswith("Chart.yaml") and "file://" in text:
            yield from _umbrellas(chart, path, text)
        elif is_kustomization(path) and "helmCharts" in text:
            for document in read_documents(text):
                home = str(at(document.value, "helmGlobals", "chartHome") or "charts")
                names = [str(each.get("name")) for each in mappings_in(at(document.value, "helmCharts"))]
                if chart in {join_path(posixpath.dirname(path), posixpath.join(home, name)) for name in names}:
                    yield f"{path} (helmCharts)"


def _umbrellas(chart: str, path: str, text: str) -> Iterator[str]:
    folder = posixpath.dirname(path)
    for document in read_documents(text):
        for each in mappings_in(at(document.value, "dependencies")):
            if join_path(folder, str(each.get("repository")).removeprefix("file://").rstrip("/")) == chart:
                yield f"{posixpath.join(folder, 'values.yaml')} (under {each.get('alias') or each.get('name')})"


def _inflated_charts(path: str, text: str) -> Iterator[MakerFile]:
    for document in read_documents(text):
        for field in ("helmCharts", "helmChartInflationGenerator"):
            for index, each in enumerate(list_at(document.value, field)):
                if _mention(f"{each}") is None:
                    continue
                name = text_at(each, "name") or text_at(each, "chartName") or "?"
                version = f" {each['version']}" if text_at(each, "version") else ""
                release = f", release {each['releaseName']}" if text_at(each, "releaseName") else ""
                inline = (field, index, "valuesInline" if each.get("valuesInline") else "values")
                files = [*texts_in([each.get("valuesFile")]), *texts_in(each.get("additionalValuesFiles"))]
                places = [posixpath.normpath(posixpath.join(posixpath.dirname(path), one)) for one in files]
                if at(document.value, *inline) and inline[2] == "valuesInline":
                    places.insert(0, f"valuesInline at {path}:{line_of_path(text, document.index, inline)}")
                line = line_of_path(text, document.index, (field, index))
                where = f"its values stand in {' and '.join(places)}" if places else "it names no values of its own"
                reason = f"{path}:{line} inflates the Helm chart {name}{version}{release} by {field}: {where}"
                yield MakerFile(path, reason, f"{text} kind: Cluster" if name == "cluster" else text)


def _makers_of_yaml(path: str, files: Mapping[str, str], desired: Desired, place: str) -> Iterator[MakerFile]:
    text = files[path]
    documents = read_documents(text)
    if not documents:
        yield MakerFile(path, f"{place} mentions CNPG and is no YAML as it stands: it may be a template", text)
        return
    releases = [*_helmfile_releases(path, text)]
    yield from releases
    if releases or any(True for _ in cnpg_documents(text)):
        yield from _plain_documents(path, text, desired)
        return
    known = [*find_maker_files(files, [path])]
    yield from known
    if not known:
        for document in documents:
            for inside in _mentions_inside(document.value, ()):
                line = line_of_path(text, document.index, inside)
                what = (
                    f"the {at(document.value, 'kind')} {at(document.value, 'metadata', 'name')}"
                    if at(document.value, "kind")
                    else "values"
                )
                reason = (
                    f"{path}:{line} has such an object in {what}, as {dotted_path(inside)}: change it there by hand"
                )
                yield MakerFile(path, reason, str(at(document.value, *inside)))


def _plain_documents(path: str, text: str, desired: Desired) -> Iterator[MakerFile]:
    """A manifest that this environment does not have, with the reason."""
    unreached = {one.place: one.reason for one in desired.unreached}
    for document, base, value in cnpg_documents(text):
        place = f"{path}:{line_of_path(text, document.index, base) if base else document.line}"
        reason = unreached.get(place) or (
            f"it lies outside of {desired.folder}" if desired.folder else "nothing takes it"
        )
        named = f"{value['kind']} {value['metadata']['name']}"
        yield MakerFile(path, f"{place} declares {named}, which is not applied here: {reason}", f"kind: {named}")


def _helmfile_releases(path: str, text: str) -> Iterator[MakerFile]:
    for document in read_documents(text) if "releases:" in text and "chart:" in text else ():
        for index, each in enumerate(mappings_in(at(document.value, "releases"))):
            chart = str(each.get("chart"))
            if posixpath.basename(chart) == "cluster" or CNPG_GROUP in str(each):
                line = line_of_path(text, document.index, ("releases", index))
                files = ", ".join(texts_in(each.get("values")))
                where = f", whose values stand in {files}" if files else ""
                reason = f"{path}:{line} is the helmfile release {each.get('name')} of chart {chart}{where}"
                yield MakerFile(
                    path,
                    f"{reason}: change its values there by hand, and apply it by helmfile",
                    f"{each} kind: Cluster",
                )


def _mentions_inside(value: Any, path: Path) -> Iterator[Path]:
    """The innermost objects and texts of a document that mention the group: each is what makes something, or is it."""
    if isinstance(value, dict):
        version = value.get("apiVersion")
        if isinstance(version, str) and version.startswith(f"{CNPG_GROUP}/"):
            yield path
            return
        for key, part in value.items():
            yield from _mentions_inside(part, (*path, str(key)))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _mentions_inside(part, (*path, index))
    elif isinstance(value, str) and f"{CNPG_GROUP}/" in value and "\n" in value:
        yield path


def _submodules(text: str) -> Iterator[MakerFile]:
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string("\n".join(line.strip() for line in text.splitlines()))
    except Malformed:
        return
    for section in parser.sections():
        path, url = parser.get(section, "path", fallback=""), parser.get(section, "url", fallback="")
        whose = f"{path} is a Git submodule of {without_credentials(url)}"
        reason = f"{whose}: what it holds stands in that repository, and is changed there"
        yield MakerFile(path or SUBMODULES, reason, path)

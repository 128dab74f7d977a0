"""What may make an object of CNPG that no document declares: looked for once one was asked for and not found.

Programs, templates, charts, compositions, submodules. Each is told with its line, what it is and what a person would
change, so that "there are none" is never said of what was not looked at.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from configparser import ConfigParser
from configparser import Error as Malformed
from typing import Any

from gitops_mcp.domain.engines.reading import mappings_in, read_documents, texts_in
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.kustomize.kustomization import is_kustomization
from gitops_mcp.domain.objects import CNPG_GROUP, Path, at, dotted_path, text_at
from gitops_mcp.domain.redact.looks import without_credentials
from gitops_mcp.domain.repository.desired import Desired, MakerFile
from gitops_mcp.domain.repository.makers.charts import UNUSED, inflated_charts, makers_of_template
from gitops_mcp.domain.repository.makers.mentions import find_mention, texts_inside
from gitops_mcp.domain.repository.makers.programs import makers_of_program, program_of, terraform_blocks
from gitops_mcp.domain.repository.roots.not_applied import (
    chart_of_template,
    cnpg_documents,
    find_maker_files,
    is_reference,
)
from gitops_mcp.domain.yaml.text import line_of_path

SUBMODULES = ".gitmodules"

_MAKES_CLUSTER = re.compile(r"kind\W{1,6}Cluster\b|V1Cluster\s*[({]|\bnew\s+Cluster\(", re.ASCII)
_SAID_AT_MOST = 10
_FOR_PEOPLE = (".md", ".mdx", ".rst", ".adoc", ".txt", ".lock", ".svg", ".html", ".css", ".sum", ".ipynb")


def find_makers(
    desired: Desired, files: Mapping[str, str], submodules: str, name: str | None = None
) -> list[MakerFile]:
    """`files`: those that mention CNPG, beside what was read of the commit; `submodules`: the text of .gitmodules.

    `name`: of the object that was asked for, which the values of a chart may say.
    """
    every = {**(desired.tree.files if desired.tree else desired.texts), **files}
    known = {one.path for one in desired.everything} | {one.path for one in desired.skipped}
    known |= {layer.path for one in desired.everything if one.produced for layer in one.produced.layers}
    made = [*_submodules(submodules)]
    for path in sorted(files):
        if path not in known and not path.endswith(_FOR_PEOPLE):
            made += _makers_of_file(path, every, desired, name)
    return list({(one.path, one.reason): one for one in made}.values())


def told_makers(found: Sequence[MakerFile], name: str | None, folder: str) -> str | None:
    """As many as fit: first those that say the name, that make Clusters, and that lie in the environment's folder."""
    word = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])") if name else None

    def rank(one: MakerFile) -> tuple[bool, bool, bool, bool, str]:
        names = word is not None and bool(word.search(one.mentions))
        is_idle = one.reason.endswith(UNUSED)
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


def _makers_of_file(path: str, files: Mapping[str, str], desired: Desired, name: str | None) -> Iterator[MakerFile]:
    text = files[path]
    start = find_mention(text)
    if start is None and not is_kustomization(path):
        return
    place = f"{path}:{text.count(chr(10), 0, start or 0) + 1}"
    if (chart := chart_of_template(path, files)) is not None:
        yield from makers_of_template(path, chart, files, desired, name)
    elif path.endswith((".tf", ".tofu", ".tf.json")):
        yield from terraform_blocks(path, text, place)
    elif program_of(path, text) is not None:
        yield from makers_of_program(path, text, place)
    elif is_kustomization(path):
        yield from inflated_charts(path, text)
    elif path.endswith((".yaml", ".yml", ".json")):
        yield from _makers_of_yaml(path, files, desired, place, name)
    elif CNPG_GROUP in text:
        yield MakerFile(path, f"{place} mentions {CNPG_GROUP}", text)


def _makers_of_yaml(
    path: str, files: Mapping[str, str], desired: Desired, place: str, name: str | None
) -> Iterator[MakerFile]:
    text = files[path]
    documents = read_documents(text)
    if not documents:
        yield MakerFile(path, f"{place} mentions CNPG and is not YAML as it stands: it may be a template", text)
        return
    releases = [*_helmfile_releases(path, text)]
    yield from releases
    if releases or any(True for _ in cnpg_documents(text)):
        yield from _plain_documents(path, text, desired, name)
        return
    known = [
        *(
            MakerFile(path, note, text)
            for note in desired.notes
            if note.startswith(f"{path}:") and "ResourceSet" in note
        ),
        *find_maker_files(files, [path]),
    ]
    yield from known
    if not known:
        for document in documents:
            for inside in _mentions_inside(document.value):
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


def _plain_documents(path: str, text: str, desired: Desired, name: str | None) -> Iterator[MakerFile]:
    """A manifest of a Cluster that lies elsewhere; `name`: of that one alone.

    One of this environment that nothing applies is told as that.
    """
    told = {one.place for one in desired.unreached}
    where = f"outside of {desired.folder}" if desired.folder else "where nothing takes it"
    for document, base, value in cnpg_documents(text):
        place = f"{path}:{line_of_path(text, document.index, base) if base else document.line}"
        if value["kind"] == CLUSTER.kind and name in {None, value["metadata"]["name"]} and place not in told:
            named = f"{value['kind']} {value['metadata']['name']}"
            yield MakerFile(path, f"{place} declares {named}, and lies {where}", f"kind: {named}")


def _helmfile_releases(path: str, text: str) -> Iterator[MakerFile]:
    for document in read_documents(text) if "releases:" in text and "chart:" in text else ():
        for index, each in enumerate(mappings_in(at(document.value, "releases"))):
            chart = str(each.get("chart"))
            if posixpath.basename(chart) == "cluster" or CNPG_GROUP in str(each):
                line = line_of_path(text, document.index, ("releases", index))
                files = ", ".join(texts_in(each.get("values")))
                where = f", whose values are in {files}" if files else ""
                reason = f"{path}:{line} is the helmfile release {each.get('name')} of chart {chart}{where}"
                yield MakerFile(
                    path,
                    f"{reason}: change its values there by hand, and apply it by helmfile",
                    f"{each} kind: Cluster",
                )


def _mentions_inside(value: Any) -> Iterator[Path]:
    """Objects and texts of a document that mention the group: each is what makes something, or is it."""
    for path, text in texts_inside(value):
        if path and path[-1] == "apiVersion" and text.startswith(f"{CNPG_GROUP}/"):
            if not is_reference(at(value, *path[:-1])):
                yield path[:-1]
        elif f"{CNPG_GROUP}/" in text and "\n" in text:
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
        reason = f"{whose}: what it holds is in that repository, and is changed there"
        yield MakerFile(path or SUBMODULES, reason, path)

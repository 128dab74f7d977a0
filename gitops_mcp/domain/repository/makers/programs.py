"""Programs, templates and Terraform that make such objects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gitops_mcp.domain.repository.desired import MakerFile
from gitops_mcp.domain.repository.makers.mentions import find_mention

_DEFINES_TYPE = re.compile(
    r"^(?:schema|class|export (?:class|interface)|type|#\w+:)\s+\w*PostgresqlCnpgIo", re.MULTILINE
)
_BLOCK = re.compile(r'^(?:resource|module|data)\s+"([^"]+)"(?:\s+"([^"]+)")?\s*\{', re.MULTILINE)
_SCRIPT = "a script"
_APPLIES = re.compile(r"kind: *Cluster\b")
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
    (".sh", ".bash"): _SCRIPT,
}
_LIBRARIES = {"cdk8s": "a cdk8s program", "pulumi": "a Pulumi program"}


def makers_of_program(path: str, text: str, place: str) -> Iterator[MakerFile]:
    """None where it only defines the types, or only looks at what is there."""
    what = program_of(path, text)
    if not _DEFINES_TYPE.search(text) and (what != _SCRIPT or _APPLIES.search(text)):
        yield MakerFile(path, f"{place} is {what}: change what it makes there by hand, and run it", text)


def program_of(path: str, text: str) -> str | None:
    for suffixes, what in _PROGRAMS.items():
        if path.endswith(suffixes):
            return next((known for mark, known in _LIBRARIES.items() if mark in text and what == "a program"), what)
    return None


def terraform_blocks(path: str, text: str, place: str) -> Iterator[MakerFile]:
    starts = [*_BLOCK.finditer(text)]
    found = False
    for index, start in enumerate(starts):
        body = text[start.start() : starts[index + 1].start() if index + 1 < len(starts) else len(text)]
        if find_mention(body) is not None:
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

"""The objects that a commit declares, built by kubectl and not by the server's own model."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from evals.scene import Scene
from gitops_mcp.sandbox.remote import SandboxRemote

Fields = dict[str, Any]
"""Values by path, of one object; items of a list by name where they have one, else by number."""

_VARIABLE = re.compile(r"\$\{(\w+)(?::?=([^}]*))?\}")


class NotBuiltError(Exception):
    """What kubectl, or a parser of YAML, says of a commit whose objects no engine could make."""


def built(scene: Scene, commit: str) -> dict[str, Fields]:
    """The objects of a commit by `Kind/namespace/name`. Raises NotBuiltError."""
    found: dict[str, Fields] = {}
    with tempfile.TemporaryDirectory(dir=scene.folder, prefix="built-") as made:
        root = Path(made)
        for path, content in SandboxRemote(scene.world.remote).files(commit).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
        for folder in scene.ground.builds:
            text = _substituted(_rendered(scene, root / folder), root, scene.ground.variables)
            for one in _documents(text):
                about = one["metadata"]
                name = "/".join(filter(None, (one["kind"], about.get("namespace"), about["name"])))
                found[name] = dict(_leaves(one, ""))
    return found


def _rendered(scene: Scene, folder: Path) -> str:
    if (folder / "kustomization.yaml").exists():
        made = subprocess.run(
            ["kubectl", "kustomize", str(folder)], env=scene.environment, check=False, capture_output=True, text=True
        )
        if made.returncode:
            raise NotBuiltError(made.stderr.strip())
        return made.stdout
    return "\n---\n".join(path.read_text() for path in sorted(folder.rglob("*.yaml")))


def _substituted(text: str, root: Path, variables: str | None) -> str:
    if variables is None:
        return text
    [engine] = [
        one
        for one in yaml.safe_load_all((root / variables).read_text())
        if one["kind"] == "Kustomization" and (one["spec"].get("postBuild") or {}).get("substitute")
    ]
    values: Mapping[str, str] = engine["spec"]["postBuild"]["substitute"]
    return _VARIABLE.sub(lambda found: str(values.get(found[1], found[2] or "")), text)


def _documents(text: str) -> list[dict[str, Any]]:
    try:
        return [one for one in yaml.safe_load_all(text) if one]
    except yaml.YAMLError as error:
        raise NotBuiltError(str(error)) from error


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, one in value.items():
            yield from _leaves(one, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for number, one in enumerate(value):
            name = one.get("name", number) if isinstance(one, dict) else number
            yield from _leaves(one, f"{path}[{name}]")
    else:
        yield path, value

"""A repository of the user's own as the sandbox's remote: its commit, and one more that names the stand-ins in it.

Nothing is written to the user's repository, and none of its hooks run: the sandbox fetches from it what is checked out.
What is not committed is not there.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gitops_mcp.domain.engines.declared import declared_objects
from gitops_mcp.domain.objects import Object, at, mapping_at
from gitops_mcp.domain.remote_url import RemoteUrl, parse_remote_url
from gitops_mcp.domain.yaml.edits import Set
from gitops_mcp.domain.yaml.text import edit_text, parse_documents
from gitops_mcp.errors import GitOpsError, InvalidRequest, Unavailable
from gitops_mcp.sandbox.forges.values import ForgeName
from gitops_mcp.sandbox.remote import BASE, SandboxRemote, git
from gitops_mcp.template import FORGES, NO_REMOTE

CONFIGURATION = ".gitops-mcp.yaml"
_ENGINES = (b"argoproj.io/", b"source.toolkit.fluxcd.io/")
_ADDRESS = re.compile(r"(?:[a-z+]+://|[\w.-]+@[\w.-]+:)[^\s\"'#,{}\[\]]+")
_WORD, _VERSION = re.compile(r"[A-Z][A-Za-z0-9]*"), re.compile(r"(?:[a-z0-9.-]+/)?v[a-z0-9]+")
_NAMED = re.compile(rf"(?m)^\s*(?:- )?(?:repoURL|url):\s*[\"']?({_ADDRESS.pattern})")


@dataclass(frozen=True)
class OwnRepository:
    path: Path
    branch: str
    commit: str
    origin: str | None
    uncommitted: int
    """Files that are not in the commit as they are in the folder."""

    @classmethod
    def look(cls, path: Path) -> OwnRepository:
        """Raises InvalidRequest where there is no commit to start from."""
        if not path.is_dir():
            raise InvalidRequest(f"--repo: {path} is no folder: name a checkout of your GitOps repository")
        if git("rev-parse", "--git-dir", cwd=path, check=False) == b"":
            raise InvalidRequest(f"--repo: {path} is no git repository: `gitops-mcp init {path} --commit` makes one")
        commit = git("rev-parse", "--verify", "--quiet", "HEAD", cwd=path, check=False).decode()
        if not commit:
            raise InvalidRequest(f"--repo: {path} has no commit yet: commit what the sandbox is to start from")
        branch = git("symbolic-ref", "--quiet", "--short", "HEAD", cwd=path, check=False).decode()
        origin = git("config", "--get", "remote.origin.url", cwd=path, check=False).decode() or None
        changed = git("--no-optional-locks", "status", "--porcelain", cwd=path).decode().splitlines()
        return cls(path.resolve(), branch or commit[:12], commit, origin, len(changed))

    def kinds(self) -> set[tuple[str, str, str]]:
        """Group, version and kind of every document."""
        files = SandboxRemote(self.path).files(self.commit)
        texts = {
            path: text.decode(errors="replace") for path, text in files.items() if path.endswith((".yaml", ".yml"))
        }
        found = {(str(one.object["apiVersion"]), one.kind) for one in declared_objects(texts, ("apiVersion:",))}
        return {
            (group, version, kind)
            for api_version, kind in found
            for group, _, version in (api_version.rpartition("/"),)
            if group != "kustomize.config.k8s.io" and _WORD.fullmatch(kind) and _VERSION.fullmatch(api_version)
        }

    def push_to(self, bare: Path) -> SandboxRemote:
        """A bare repository whose base is the commit."""
        remote = SandboxRemote.create_empty(bare)
        try:
            git("fetch", "--quiet", "--no-tags", str(self.path), f"HEAD:refs/heads/{BASE}", cwd=bare)
        except Unavailable as error:
            raise InvalidRequest(f"--repo: {self.path} could not be read: {error}") from error
        base = self.configured().get("base")
        if base not in {None, BASE}:
            raise InvalidRequest(f"--repo: {CONFIGURATION} has base: {base}, and the sandbox's base is {BASE} alone")
        return remote

    def contexts(self) -> list[str]:
        """Of Kubernetes, that its environments name."""
        return sorted({str(one["context"]) for one in self.environments().values() if one.get("context")})

    def configured(self) -> Object:
        text = git("show", f"{self.commit}:{CONFIGURATION}", cwd=self.path, check=False).decode(errors="replace")
        try:
            values = [document.value for document in parse_documents(text)]
        except GitOpsError:
            values = []  # the server says what is wrong with it
        return values[0] if values and isinstance(values[0], dict) else {}

    def forge(self) -> ForgeName:
        """As its configuration says, else GitHub."""
        said = at(self.configured(), "forge", "type")
        return said if said in FORGES else "github"

    def environments(self) -> dict[str, Object]:
        """As its configuration has them, by name."""
        said = self.configured().get("environments")
        return {str(name): mapping_at(one) for name, one in said.items()} if isinstance(said, dict) else {}

    def name_stand_ins(self, remote: SandboxRemote, forge: Mapping[str, str]) -> None:
        """Commit the addresses of the sandbox in the place of those that Git names."""
        with tempfile.TemporaryDirectory(prefix="gitops-mcp-") as folder:
            tree = Path(folder) / "tree"
            git("clone", "--quiet", "--template=", str(remote.path), str(tree))
            found = remote.files(self.commit)
            written = dict(self._renamed(found, remote.url))
            written[CONFIGURATION] = _with_forge(found.get(CONFIGURATION, b"").decode(errors="surrogateescape"), forge)
            for path, text in written.items():
                (tree / path).write_bytes(text.encode(errors="surrogateescape"))
            git("add", "--", *written, cwd=tree)
            git("commit", "--quiet", "--message=Name the stand-ins of the sandbox", cwd=tree)
            git("push", "--quiet", "origin", BASE, cwd=tree)

    def _renamed(self, files: Mapping[str, bytes], url: str) -> Iterable[tuple[str, str]]:
        texts = {
            path: text.decode(errors="surrogateescape")
            for path, text in files.items()
            if path.endswith((".yaml", ".yml")) and any(mark in text for mark in _ENGINES)
        }
        own = self._own_addresses(texts.values())
        for path, text in texts.items():
            new = _ADDRESS.sub(lambda found: url if parse_remote_url(found[0]) in own else found[0], text)
            if new != text:
                yield path, new

    def _own_addresses(self, texts: Iterable[str]) -> set[RemoteUrl]:
        """Of this repository: its origin's and the template's, else the only one that engines name."""
        own = {parse_remote_url(one) for one in (self.origin, NO_REMOTE) if one}
        named = {parse_remote_url(found[1]) for text in texts for found in _NAMED.finditer(text)}
        return own | named if len(named) == 1 and not own & named else own


def _with_forge(text: str, forge: Mapping[str, str]) -> str:
    if any(document.value for document in parse_documents(text)):
        return edit_text(text, 0, Set(("forge",), dict(forge)))
    lines = "".join(f"  {key}: {value}\n" for key, value in forge.items())
    return f"{text}forge:\n{lines}"

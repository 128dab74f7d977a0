"""The live objects of an environment with direct delivery, as the desired state that a request is planned from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from gitops_mcp.app import Ground
from gitops_mcp.domain.cnpg.protection import Engine
from gitops_mcp.domain.editing.sibling_paths import FilePlace
from gitops_mcp.domain.objects import Identity, Object
from gitops_mcp.domain.plans.secret_documents import SecretDocument, Way
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.errors import Refused
from gitops_mcp.workflows.api_once import Look
from gitops_mcp.workflows.view import read_texts


@dataclass(frozen=True)
class LiveSource:
    """No engine applies these, and no file stands beside them; what the repository's base has is read all the same."""

    ground: Ground
    live: Desired
    nothing: str = "no object of this server's that could be read"

    def unmade(self, secret: str) -> str:
        return f"No object of this server's that could be read makes Secret {secret}, so it stays"

    def check_provider(self, name: Way) -> None:
        if name == "sops":
            raise Refused(
                "password_source: sops files are decrypted by an engine, and direct delivery has none. Set another "
                "passwords.provider for this environment (external-secrets, sealed-secrets, cluster), or name a Secret "
                "with 'existing:<name>'"
            )

    def leftovers(self, documents: Iterable[SecretDocument]) -> Collection[SecretDocument]:
        return [one for one in documents if one.is_ours]

    def generator_paths(self, paths: Collection[str]) -> Collection[str]:  # noqa: ARG002 - each object is by itself
        return self.live.texts.keys()

    def read_files(self, paths: Iterable[str]) -> Mapping[str, str]:  # noqa: ARG002 - there is none
        return {}

    def read_reviewed(self, path: str) -> str | None:
        return read_texts(self.ground, self.ground.base.commit, (path,)).get(path)

    def secret_paths(self) -> Collection[str]:
        return self.live.texts.keys()

    def manifests_with(self, text: str) -> Mapping[str, str]:  # noqa: ARG002 - who else uses a Secret is told by Git
        return {}

    def places(self, target: Identity, candidates: Iterable[FilePlace]) -> tuple[FilePlace, ...]:  # noqa: ARG002 - an object stands by itself
        return (FilePlace(f"the new {target}", alone=True),)

    def engine(self, api: Look, desired: Desired) -> Engine | Literal["none"] | None:  # noqa: ARG002 - nothing applies these
        return "none"

    def why_kept(self, declared: Declaration, live: Object | None) -> str | None:  # noqa: ARG002 - it is deleted itself
        return None

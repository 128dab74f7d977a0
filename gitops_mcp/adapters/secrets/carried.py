"""A provider whose files are those that it has made before: a password that is sealed once is not made again."""

from __future__ import annotations

from dataclasses import dataclass

from gitops_mcp.adapters.secrets.interface import Provider, WantedSecret
from gitops_mcp.domain.plans.passwords.sealed_twin import is_same_but_sealed
from gitops_mcp.errors import Refused


@dataclass(frozen=True)
class CarriedFiles:
    own: Provider
    texts: tuple[str, ...]
    """Where they may be."""

    def path(self, path: str, /) -> str:
        return self.own.path(path)

    def file(self, wanted: WantedSecret, path: str, /, *, eol: str = "\n") -> str:
        """What was made for this Secret; beside what is sealed it is word for word what would be made now."""
        made = self.own.file(wanted, path, eol=eol)
        found = next((text for text in self.texts if text == made or is_same_but_sealed(made, text)), None)
        if found is None:
            raise Refused(
                f"the password of Secret {wanted} was made once, and no file that this server writes contains it"
            )
        return found

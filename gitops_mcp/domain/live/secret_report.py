"""Whether the Secret that an ExternalSecret or a SealedSecret is to make has come, by its controller's word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.kinds import EXTERNAL_SECRET, SEALED_SECRET
from gitops_mcp.domain.objects import Object, as_int, at, list_at, text_at

REPORTING = (EXTERNAL_SECRET, SEALED_SECRET)
"""The kinds whose condition says so."""
_CONDITIONS = {EXTERNAL_SECRET.kind: "Ready", SEALED_SECRET.kind: "Synced"}
_FINAL = frozenset({"target is owned by another ExternalSecret", "could not update secret, target is immutable"})
"""What the External Secrets Operator does not try again."""
_WORDS = 600


@dataclass(frozen=True)
class SecretReport:
    secret: str
    is_made: bool
    """As the object is now."""
    is_final: bool
    """Whether that stays so until somebody does something."""
    told: str
    """For people; the controller's words in it are marked as such."""
    what: str = ""
    """The same without these words."""
    words: str = ""


def report_of_secret(live: Object, events: Iterable[Object] = ()) -> SecretReport:
    """`events`: those about the object, the newest first. Of an ExternalSecret they alone say why it fails."""
    kind, metadata = str(at(live, "kind")), live["metadata"]
    secret = str(at(live, "spec", "target", "name") or metadata["name"])
    label = f"{kind} {metadata.get('namespace')}/{metadata['name']}"
    stated = next((one for one in list_at(live, "status", "conditions") if at(one, "type") == _CONDITIONS[kind]), None)
    if stated is None or not _is_current(kind, live):
        return SecretReport(secret, False, False, f"the controller has not looked at {label} yet as it is now")
    if at(stated, "status") == "True":
        return SecretReport(secret, True, True, f"Secret {secret} is as {label} says it")
    said = [at(stated, "message"), *(at(one, "message") for one in events if at(one, "type") == "Warning")][:2]
    words = excerpt("; ".join(one for one in said if isinstance(one, str)), limit=_WORDS) or "no reason given"
    if kind == SEALED_SECRET.kind:
        again = "it is not tried again by itself, only once it changes or its controller starts anew"
    elif text_at(stated, "message") in _FINAL:
        again = "it is not tried again by itself"
    else:
        again = "it is tried again"
    what = f"{label} does not make Secret {secret} as it says, and {again}"
    is_final = again != "it is tried again"
    return SecretReport(secret, False, is_final, f"{what}; its controller says (untrusted text): {words}", what, words)


def judge_secret(live: Object) -> tuple[bool | None, str]:
    """As `judge_health` does of CNPG's kinds."""
    if at(live, "metadata", "deletionTimestamp"):
        return False, "it is being deleted"
    report = report_of_secret(live)
    return True if report.is_made else None if report.is_final else False, report.told


def _is_current(kind: str, live: Object) -> bool:
    """The External Secrets Operator says of no generation what its word is about."""
    observed = as_int(at(live, "status", "observedGeneration"))
    return kind != SEALED_SECRET.kind or observed is None or observed == at(live, "metadata", "generation")

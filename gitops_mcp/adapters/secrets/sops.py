"""Passwords in Secrets that sops has encrypted, for whom the repository's `.sops.yaml` says.

What sops made is looked at before it is believed: a rule may leave open what must be closed, or close what an engine
must read. A file it made is committed as it is: its MAC covers every value, and a new encryption of the same values
is another text.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from gitops_mcp.adapters.secrets.interface import ReadFile, WantedSecret, generate_password
from gitops_mcp.adapters.secrets.manifest import own_label, secret_manifest
from gitops_mcp.adapters.secrets.sops_process import SopsFailed, encrypt_with_sops
from gitops_mcp.adapters.secrets.sops_rules import SELECTION, CreationRule, SopsRules, nearest_rules, sops_file_names
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.yaml.render import render_manifest
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.domain.yaml.tree import Unparsable
from gitops_mcp.errors import Refused

TIMEOUT = 30.0


@dataclass(frozen=True)
class Sops:
    read: ReadFile = field(repr=False)
    timeout: float = TIMEOUT
    """Seconds for one encryption; key services in a cloud are asked over the network."""

    def path(self, path: str, /) -> str:
        rules = nearest_rules(self.read, path)
        for candidate in (path, *sops_file_names(path)):
            if rules.matching(candidate):
                return candidate
        raise rules.unmatched(path)

    def file(self, wanted: WantedSecret, path: str, /, *, eol: str = "\n") -> str:  # noqa: ARG002 - sops decides on line ends
        rules = nearest_rules(self.read, path)
        rule = rules.matching(path)
        if rule is None:
            raise rules.unmatched(path)
        made = generate_password()
        plain = secret_manifest(wanted, made, labels=own_label())
        text = self._encrypted(plain, made, path, rules=rules, rule=rule)
        fault = _encryption_fault(text, plain, password=made)
        if fault:
            raise Refused(
                f"sops encrypted {path} by rule {rule.number} of {rules.config}, but {fault}, so it is not used: a "
                f"rule with `encrypted_regex: {SELECTION}` encrypts what must be encrypted and nothing else"
            )
        return text

    def _encrypted(self, plain: Object, made: str, path: str, *, rules: SopsRules, rule: CreationRule) -> str:
        try:
            return encrypt_with_sops(
                render_manifest(plain),
                config=rules.text,
                path=rules.relative(path),
                encrypted_regex=None if rule.selects else SELECTION,
                secret=made,
                timeout=self.timeout,
            )
        except SopsFailed as error:
            raise Refused(
                f"sops (3.9 or newer is needed) could not encrypt {path} by rule {rule.number} of {rules.config}: "
                f"{error}"
            ) from None


def _encryption_fault(text: str, plain: Object, *, password: str) -> str | None:
    """What is wrong with it as the encryption of `plain`, without a value of it."""
    try:
        found = [document.value for document in parse_documents(text)]
    except Unparsable:
        return "what it printed is not YAML"
    if len(found) != 1 or not isinstance(found[0], dict):
        return "what it printed is not one manifest"
    made, open_text = found[0], plain["stringData"]
    closed = made.get("stringData")
    if not isinstance(closed, dict) or closed.keys() != open_text.keys():
        return "stringData lacks the keys username and password"
    left = [key for key, value in closed.items() if not str(value).startswith("ENC[") or value == open_text[key]]
    if left or any(form in text for form in (password, base64.b64encode(password.encode()).decode())):
        return f"stringData.{left[0] if left else 'password'} can still be read"
    changed = [key for key in plain.keys() | made.keys() if made.get(key) != plain.get(key)]
    if set(changed) != {"stringData", "sops"}:
        return f"{', '.join(sorted(set(changed) - {'stringData', 'sops'}))} was changed"
    return None if str(at(made, "sops", "mac")).startswith("ENC[") else "it has no sops.mac"

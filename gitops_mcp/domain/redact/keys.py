"""Whether a key says that what stands under it is secret, and whether that only refers to a secret."""

from __future__ import annotations

import re
from functools import lru_cache

_SECRET_MAPS = frozenset({"data", "stringData", "connectionParameters", "bindSearchAuth", "bindAsAuth"})
_SQL = re.compile(r"post(Init|Import)\w*SQL$")
_NOT_SECRET = frozenset({"disablePassword"})
# `clientSecret`, `API_KEY` and `x-api-key` are read as words; `dbpassword` is one word that ends so.
_WORD = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_ENDS = re.compile(
    r"(?:password|passwords|passwd|passphrase|passcode|pwd|pgpass|htpasswd|apikey|apitoken|authtoken|dsn)$"
)
_ALONE = frozenset({
    "pass", "pw", "token", "credential", "credentials", "creds", "auth", "cookie", "mnemonic", "bearer",
    "jwt", "otp", "dockerconfigjson", "dockercfg", "netrc", "secret",
})  # fmt: skip
_KEYS = frozenset({
    "api", "access", "private", "secret", "encryption", "decryption", "signing", "master", "shared", "account",
    "auth", "session", "license", "storage", "service", "application", "admin", "hmac", "unseal", "root",
    "host", "tls",
})  # fmt: skip
"""Of which a key is a secret; `passwordKey` and the like are names of one."""
_PAIRS = frozenset(
    {("key", "data"), ("connection", "string"), ("recovery", "code"), ("pass", "word"), ("pass", "phrase")}
)
_ISSUED = frozenset({
    "client", "app", "consumer", "shared", "webhook", "hmac", "jwt", "oauth", "cookie", "session",
    "signing",
})  # fmt: skip
"""Whose secret is a value: `authQuerySecret` and `existingSecret` name an object."""
_OF_TLS = frozenset({"ca", "tls"})
"""`serverCASecret` and its like name a Secret, of whatever name."""
_FLAGS = frozenset({
    "true", "false", "yes", "no", "on", "off", "null", "~", "none", "basic",
    "md5", "scram-sha-256",
})  # fmt: skip
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*[a-z]")
_REFERENCE = re.compile(
    r"\$\{\w+\}|\$\{\{ *[\w.-]+ "
    r"*\}\}|\$\(\w+\)|\{\{-?\s*\.?[\w.$ |]+-?\}\}|ENC\[[^\[\]]*\]|(?:vault|op|ref\+\w+|aws|gcp|azure|secret)://?\S+"
    r"|vault:\S+|/(?:run|var|etc|mnt|secrets|vault|tmp|home|opt)/[\w./-]+|<[^<>]*>|\*+|x{3,}|(?:CHANGE|REPLACE)[-_ ]?ME"
)
"""What names a secret instead of being one: a variable, a template, a store's address, a file, what is sealed."""


def is_secret_key(name: str, path: tuple[str, ...]) -> bool:
    """Whether the value under a key is secret, whatever it is: the fields of Kubernetes and CNPG that hold secrets."""
    if name in _SECRET_MAPS or _SQL.match(name):
        return True
    if name == "value" and path[-2:] == ("env", "[]"):
        return True
    return name not in _NOT_SECRET and names_secret(name) == "strong"


@lru_cache(maxsize=4096)
def names_secret(name: str) -> str:
    """`strong` for a key of a password, `weak` for one under which a name may stand as well, else nothing."""
    if len(name) > 300 or name in _NOT_SECRET:
        return ""
    words = [one.lower() for one in _WORD.findall(name)] or [""]
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if _ENDS.search(last) or (last == "key" and before in _KEYS) or (before, last) in _PAIRS:
        return "strong"
    if last == "secret" and before in _ISSUED:
        return "strong"
    if last == "secret" and before in _OF_TLS:
        return ""
    if last == "token" and before not in {"account", "max"}:
        return "strong"
    return "weak" if last in _ALONE or (last == "s" and before == "token") else ""


def is_secret_value(name: str, text: str) -> bool:
    """Whether the text under such a key is the secret itself."""
    kind, told = names_secret(name), text.strip().strip("\"'")
    if not kind or not told or told.lower() in _FLAGS or is_reference(told):
        return False
    # A name of an object stands under `secret`, `credentials` or `auth`, as under `tokenSecret`.
    return kind == "strong" or not _NAME.fullmatch(told)


def is_reference(text: str) -> bool:
    return len(text) < 2000 and _REFERENCE.fullmatch(text.strip()) is not None

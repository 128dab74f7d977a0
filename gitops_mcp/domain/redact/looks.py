"""What a secret looks like wherever it stands, and what looks like one and is public.

Digests, commits and UUIDs are of one case, so a word of three kinds of characters in turn is no such thing. Of what is
public and random all the same, each kind is known by how it begins: certificates, public keys, what is sealed.
"""

from __future__ import annotations

import base64
import binascii
import re
from itertools import pairwise

MASK = "<redacted>"

_TOKEN = re.compile(
    r"gh[pousr]_\w{20,}|github_pat_\w{20,}|gl[a-z]{2,6}-[\w-]{16,}|(?:AKIA|ASIA)[0-9A-Z]{16}|xox[abeprs]-[\w-]{10,}"
    r"|(?<![\w-])eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*|SCRAM-SHA-256\$\S+|(?<=[Bb]earer )[^\s\"']+"
    r"|AGE-SECRET-KEY-[0-9A-Z]+|(?<![\w-])[sr]k[-_](?:live|test|proj|ant|or)[-_][\w-]{8,}|(?<![\w-])sk-\w{20,}"
    r"|(?<!\w)AIza[\w-]{30,}|(?<!\w)ya29\.[\w-]{10,}|(?<!\w)SG\.[\w-]{10,}\.[\w-]{10,}|(?<!\w)hv[sbr]\.[\w-]{16,}"
    r"|(?<!\w)(?:npm_|hf_|dop_v1_|dp\.pt\.|shpat_|pypi-|lin_api_|rubygems_|sbp_|tskey-)[\w-]{16,}"
    r"|(?<!\w)md5[0-9a-f]{32}(?!\w)|\$(?:2[abxy]|[156y]|argon2\w{1,2}|scrypt|apr1)\$[\w./+$=,*-]{8,}"
    r"|https://hooks\.slack\.com/[\w/]+|(?<=[Bb]asic )[A-Za-z0-9+/]{8,}={0,2}"
)
"""Credentials that can be told by their looks."""
_CREDENTIAL_URL = re.compile(r"(?i)(?<!\w)(\w+://)(?:[^/@\s:]*:[^/@\s]+|(?<=http://)[^/@\s]+|(?<=https://)[^/@\s]+)@")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)", re.DOTALL
)
_BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,60}?)-----")
_ARMORED = re.compile(r"[\s#>|\"'-]*+(?:[A-Za-z0-9+/=]*|[A-Za-z-]{1,30}: .*|=\w{4})[\"'\s]*")
"""A line of what begins and ends so."""
_RUN = re.compile(r"ENC\[AES256_GCM,[^\[\]\s]*\]|[A-Za-z0-9+/_=-]{20,}+")
_ENCRYPTED = re.compile(r"ENC\[AES256_GCM,[^\[\]]*\]")
_PUBLIC_BASE64 = ("LS0tLS1CRUdJTiBDRVJU", "LS0tLS1CRUdJTiBQVUJMSUMg", "LS0tLS1CRUdJTiBBR0Ug", "LS0tLS1CRUdJTiBQR1Ag")
_PUBLIC = (
    "AAAAB3NzaC1", "AAAAC3NzaC1", "AAAAE2VjZHNh", "AAAAGnNr", "AAAAInNr",  # keys of ssh
    *_PUBLIC_BASE64,
    "sha256-", "sha384-", "sha512-", "ENC[",
)  # fmt: skip
_SECRET_STARTS = ("LS0tLS1CRUdJTiB", "eyJ", "b3BlbnNzaC1rZXkt")
"""Base64 of a private key, and of JSON: that of a registry's logins, a token without its signature."""
_SEALED = re.compile(r"(?:AQ|Ag|BA)[A-D][A-Za-z0-9+/]{300,}={0,2}")
"""Its first two bytes say how long the locked key is: 256, 512 or 1024 bytes."""
_BETWEEN = re.compile(r"[/_=-]")
_SHORTEST = 16
_CHANGES = 0.35
"""Of the characters of a random word each is of another kind than the one before more often; of a name, less."""


def without_keys(text: str) -> str:
    return _PRIVATE_KEY.sub(MASK, text) if "PRIVATE KEY" in text else text


def without_credentials(line: str) -> str:
    """A line without what is a credential by its looks."""
    shown = _TOKEN.sub(MASK, _CREDENTIAL_URL.sub(rf"\1{MASK}@", line))
    return _RUN.sub(_masked_run, shown)


def _masked_run(found: re.Match[str]) -> str:
    word = found[0]
    if word.startswith(_PUBLIC) or found.string[max(found.start() - 7, 0) : found.start()] == "SHA256:":
        return word
    if _SEALED.fullmatch(word):
        return word
    return MASK if word.startswith(_SECRET_STARTS) or is_random(word) else word


def is_random(word: str) -> bool:
    """Whether a word is as no name is: upper case, lower case and digits in turn, as random bytes in base64 are."""
    return any(len(part) >= _SHORTEST and _alternates(part) for part in _BETWEEN.split(word.rstrip("=")))


def _alternates(part: str) -> bool:
    kinds = ["a" if one.islower() else "A" if one.isupper() else "0" for one in part[:200]]
    changes = sum(one != other for one, other in pairwise(kinds))
    return len(set(kinds)) == 3 and changes >= _CHANGES * len(kinds)


def is_sealed(text: str) -> bool:
    """As kubeseal does it."""
    return _SEALED.fullmatch(text) is not None


def is_public(text: str) -> bool:
    """A certificate or public key, also in base64, or what is encrypted where it stands, with nothing beside it."""
    text = text.strip()
    if text.startswith(_PUBLIC_BASE64):
        try:
            text = base64.b64decode("".join(text.split()), validate=True).decode().strip()
        except (binascii.Error, UnicodeDecodeError):
            return False
    lines = text.split("\n")
    told = armored_lines(lines)
    return _ENCRYPTED.fullmatch(text) is not None or (len(told) == len(lines) and not any(told.values()))


def armored_lines(lines: list[str]) -> dict[int, bool]:
    """The lines of keys and certificates by their number, each with whether it is secret."""
    found: dict[int, bool] = {}
    label = ""
    for number, line in enumerate(lines):
        begins = _BEGIN.search(line)
        if begins:
            label = begins[1]
        elif label and "-----END " not in line and not _ARMORED.fullmatch(line):
            label = ""
        if label:
            found[number] = "PRIVATE KEY" in label
        if "-----END " in line[line.rfind("-----BEGIN ") + 1 :]:
            label = ""
    return found

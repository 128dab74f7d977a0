"""Kubernetes quantities: `10Gi`, `500m`, `5e9`; compared by what they mean, written as the person wrote them.

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

from gitops_mcp.domain.cnpg.notation.golang import parse_integer
from gitops_mcp.domain.names import quote
from gitops_mcp.errors import InvalidRequest

_QUANTITY = re.compile(r"(?=.)([+-]?)(\d{0,30})(?:\.(\d{0,30}))?([EPTGMK]i|[numkMGTPE]|[eE][+-]?\d{1,3})?", re.ASCII)
_SIZE = re.compile(r"\s*+(?:([+-])\s*+)?(\d{1,15}(?:\.\d{1,6})?)\s*([kmgtpe]?)i?b?(?:ytes)?\s*", re.IGNORECASE)
_MEMORY = re.compile(r"\d+(?:\.\d+)? *(?:B|kB|MB|GB|TB)?", re.ASCII)
_BINARY: dict[str, int] = {f"{letter}i": 1024 ** (power + 1) for power, letter in enumerate("KMGTPE")}
_DECIMAL = {
    letter: Fraction(1000) ** power for letter, power in zip("numkMGTPE", (-3, -2, -1, 1, 2, 3, 4, 5, 6), strict=True)
}
_LEAST = 1024**2
_MOST = 2**63 - 1
"""The API keeps sizes as 64-bit numbers of bytes."""


def quantity(text: object) -> Fraction | None:
    """The number that a quantity stands for, or None for what is none. Plain numbers are quantities too.

    A unit alone is one of nothing, as Kubernetes reads it.
    """
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        return None
    match = _QUANTITY.fullmatch(str(text))
    if match is None:
        return None
    sign, whole, part, suffix = match.groups()
    value = Fraction(f"{whole or 0}.{part or 0}") * (-1 if sign == "-" else 1)
    if suffix is None:
        return value
    if suffix in _BINARY:
        return value * _BINARY[suffix]
    if suffix in _DECIMAL:
        return value * _DECIMAL[suffix]
    power = int(suffix[1:])
    return value * Fraction(10 ** max(power, 0), 10 ** max(-power, 0))


def memory_bytes(text: object) -> Fraction | None:
    """Bytes of a size in postgresql.conf as CNPG's webhook reads it: '512MB', '1.5 GB'; a bare number counts megabytes.

    It asks for a B at the end and makes a quantity of the rest, so it reads 64KB and -1 too, which PostgreSQL does not.
    """
    if not isinstance(text, str):
        return None
    text = f"{text}MB" if parse_integer(text) is not None else text
    if not text.endswith("B"):
        return None
    number = text[:-1].replace(" ", "")
    return quantity(number if parse_integer(number) is not None else f"{number}i".replace("ki", "Ki"))


def is_memory_size(text: str) -> bool:
    """Whether PostgreSQL reads it: a bare number counts pages or kilobytes there."""
    return _MEMORY.fullmatch(text) is not None


def checked_storage_size(text: str, *, field: str = "storage_size") -> str:
    """A size that a volume can have, as it was written. Raises InvalidRequest with one that would work."""
    value = quantity(text)
    if value is not None and _LEAST <= value <= _MOST:
        return text
    example = _suggest_size(text)
    if value is None:
        why = "is not a size: a number with a unit such as Gi or G, without spaces and without B"
    elif value <= 0:
        why = "is not more than zero"
    elif value > _MOST:
        why = "is more than Kubernetes can count"
    else:
        why = "is less than 1Mi; without a unit it counts bytes, and m means thousandths"
    raise InvalidRequest(f"{field}: {quote(text)} {why}; such as {example}")


def grown_size(text: object) -> str | None:
    """Half as much again, in whole Gi or Mi: to what a volume that fills may well be grown."""
    value = quantity(text)
    if value is None or value < _LEAST:
        return None
    unit = "Gi" if value >= 4 * _BINARY["Gi"] else "Mi"
    return f"{math.ceil(value * 3 / 2 / _BINARY[unit])}{unit}"


def _suggest_size(text: str) -> str:
    """The size that was probably meant: `10GB` and `10 gib` -> `10Gi`, `-1Gi` -> `1Gi`."""
    match = _SIZE.fullmatch(text[:80])
    if match is None or not float(match.group(2)):
        return "10Gi"
    made = f"{match.group(2)}{(match.group(3) or 'g').upper()}i"
    value = quantity(made)
    return made if value is not None and _LEAST <= value <= _MOST else "10Gi"

"""Every function of a template of Argo CD by its name; None for one that is not evaluated here."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from gitops_mcp.domain import regexp
from gitops_mcp.domain.engines.go_template.data_functions import DATA_FUNCTIONS
from gitops_mcp.domain.engines.go_template.printing import printf, println, sprint
from gitops_mcp.domain.engines.go_template.text_functions import TEXT_FUNCTIONS, bounded
from gitops_mcp.domain.engines.go_template.values import (
    MISSING,
    Fails,
    Int64,
    NotKnown,
    Signature,
    float_number,
    int64,
    kind_of,
    type_of,
)

_LONGEST = 10_000
_KINDS = {"int64": "int", "map": "", "slice": "", "invalid": ""}


def _equals(first: Any, other: Any) -> bool:
    kinds = [_KINDS.get(kind_of(one), kind_of(one)) for one in (first, other)]
    if kinds[0] and kinds[0] == kinds[1]:
        return bool(first == other)
    none = [one is None or one is MISSING for one in (first, other)]
    if not any(none):
        raise Fails(f"a value of type {type_of(first)} is compared with one of type {type_of(other)}")
    return all(none)


def _eq(first: Any, *others: Any) -> bool:
    if not others:
        raise Fails("`eq` compares with nothing")
    return any(_equals(first, other) for other in others)


def _is_less(first: Any, other: Any) -> bool:
    kinds = {_KINDS.get(kind_of(one), kind_of(one)) for one in (first, other)}
    if len(kinds) > 1 or kinds <= {"", "bool"}:
        raise Fails(f"a value of type {type_of(first)} is compared with one of type {type_of(other)}")
    return bool(first < other)


def _float(value: Any) -> float:
    if isinstance(value, str):
        return float_number(value) or 0.0
    return float(value) if isinstance(value, bool | int | float) else 0.0


def _wrapped(value: int) -> Int64:
    return Int64((value + 2**63) % 2**64 - 2**63)


def _divided(first: Any, second: Any, *, rest: bool) -> Int64:
    one, other = int64(first), int64(second)
    if not other:
        raise Fails("an integer is divided by zero")
    whole = abs(one) // abs(other) * (1 if (one < 0) == (other < 0) else -1)
    return _wrapped(one - whole * other if rest else whole)


def _product(*values: Any) -> Int64:
    made = Int64(1)
    for one in values:
        made = _wrapped(made * int64(one))
    return made


def _until(start: int, stop: int, step: int) -> list[int]:
    if (stop < start) is (step >= 0) or (stop >= start and step <= 0):
        return []
    found = range(start, stop, step)
    if len(found) > _LONGEST:
        raise NotKnown(f"its template counts to more than {_LONGEST:,}")
    return list(found)


def _seq(*numbers: int) -> str:
    if not 1 <= len(numbers) <= 3:
        return ""
    start, end = (1, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[-1])
    way = -1 if end < start else 1
    step = numbers[1] if len(numbers) == 3 else way
    return "" if way < 0 < step else " ".join(map(str, _until(start, end + way, step)))


def _round(value: Any, places: int, on: float = 0.5) -> float:
    scaled = 10.0**places * _float(value)
    part = math.modf(scaled)[0]
    return (math.ceil(scaled) if part >= on else math.floor(scaled)) / 10.0**places


def _spans(pattern: str, text: str) -> Iterator[tuple[tuple[int, int], ...]]:
    """Where the matches and their groups stand, in bytes; an empty one right behind another does not count for Go."""
    end = -1
    try:
        for spans in regexp.find_spans(pattern, text):
            if spans[0][0] == spans[0][1] == end:
                continue
            end = spans[0][1]
            yield spans
    except regexp.Unreadable as error:
        raise NotKnown("a regular expression of its template cannot be read") from error


def _regex_parts(pattern: str, text: str, most: int = -1) -> list[str]:
    data = text.encode(errors="surrogatepass")
    found = [data[spans[0][0] : spans[0][1]].decode(errors="replace") for spans in _spans(pattern, text)]
    return found if most < 0 else found[:most]


def _regex_split(pattern: str, text: str, most: int) -> list[str]:
    if most == 0:
        return []
    if pattern and not text:
        return [""]
    data, parts, start, end = text.encode(errors="surrogatepass"), list[bytes](), 0, 0
    for spans in _spans(pattern, text):
        if 0 < most == len(parts) + 1:
            break
        end = spans[0][0]
        if spans[0][1]:
            parts.append(data[start:end])
        start = spans[0][1]
    if end != len(data):
        parts.append(data[start:])
    return [one.decode(errors="replace") for one in parts]


def _regex_replace(pattern: str, text: str, by: str, *, literal: bool = False) -> str:
    import re

    data, made, at = text.encode(errors="surrogatepass"), list[str](), 0
    for spans in _spans(pattern, text):
        groups = [data[start:end].decode(errors="replace") if start >= 0 else "" for start, end in spans]

        def expanded(found: re.Match[str], groups: list[str] = groups) -> str:
            name = found[1] or found[2]
            if name is None:
                return "$"
            if not name.isdigit():
                raise NotKnown("a group of a regular expression is called by its name")
            return groups[int(name)] if int(name) < len(groups) else ""

        made += [
            data[at : spans[0][0]].decode(errors="replace"),
            by if literal else re.sub(r"\$(?:(\w+)|\{(\w+)\}|\$)", expanded, by),
        ]
        at = spans[0][1]
        bounded(sum(map(len, made[-2:])) * 1 + at)
    made.append(data[at:].decode(errors="replace"))
    bounded(sum(map(len, made)))
    return "".join(made)


def _quote_meta(text: str) -> str:
    return "".join(f"\\{one}" if one in "\\.+*?()|[]{}^$" else one for one in text)


def _fail(text: str) -> str:
    raise Fails(f"its template says: {text}")


_OTHERS = {
    "add": Signature("a*", lambda *values: _wrapped(sum(map(int64, values)))),
    "add1": Signature("a", lambda value: _wrapped(int64(value) + 1)),
    "atoi": Signature("s", lambda text: int(int64(text)) if text.lstrip("+-").isdecimal() else 0),
    "ceil": Signature("a", lambda value: float(math.ceil(_float(value)))),
    "div": Signature("aa", lambda one, other: _divided(one, other, rest=False)),
    "eq": Signature("vv*", _eq),
    "fail": Signature("s", _fail),
    "float64": Signature("a", _float),
    "floor": Signature("a", lambda value: float(math.floor(_float(value)))),
    "ge": Signature("vv", lambda one, other: not _is_less(one, other)),
    "gt": Signature("vv", lambda one, other: not (_is_less(one, other) or _equals(one, other))),
    "int": Signature("a", lambda value: int(int64(value))),
    "int64": Signature("a", int64),
    "le": Signature("vv", lambda one, other: _is_less(one, other) or _equals(one, other)),
    "lt": Signature("vv", _is_less),
    "max": Signature("aa*", lambda *values: max(map(int64, values))),
    "min": Signature("aa*", lambda *values: min(map(int64, values))),
    "mod": Signature("aa", lambda one, other: _divided(one, other, rest=True)),
    "mul": Signature("aa*", _product),
    "ne": Signature("vv", lambda one, other: not _equals(one, other)),
    "print": Signature("a*", sprint),
    "printf": Signature("sa*", printf),
    "println": Signature("a*", println),
    "regexFind": Signature("ss", lambda pattern, text: next(iter(_regex_parts(pattern, text)), "")),
    "regexFindAll": Signature("ssi", _regex_parts),
    "regexMatch": Signature("ss", lambda pattern, text: any(True for _ in _spans(pattern, text))),
    "regexQuoteMeta": Signature("s", _quote_meta),
    "regexReplaceAll": Signature("sss", _regex_replace),
    "regexReplaceAllLiteral": Signature("sss", lambda *texts: _regex_replace(*texts, literal=True)),
    "regexSplit": Signature("ssi", _regex_split),
    "round": Signature("aif*", _round),
    "seq": Signature("i*", _seq),
    "sub": Signature("aa", lambda one, other: _wrapped(int64(one) - int64(other))),
    "until": Signature("i", lambda count: _until(0, count, -1 if count < 0 else 1)),
    "untilStep": Signature("iii", _until),
}
_EVALUATED = {**TEXT_FUNCTIONS, **DATA_FUNCTIONS, **_OTHERS}
_ALSO = {
    "and": "not", "or": "not", "biggest": "max", "osBase": "base", "osClean": "clean", "osDir": "dir", "osExt": "ext",
    "osIsAbs": "isAbs", "push": "append", "trimall": "trimAll", "tuple": "list",
    **{f"must{name[0].upper()}{name[1:]}": name for name in (
        "append", "chunk", "compact", "deepCopy", "first", "has", "initial", "last", "merge", "mergeOverwrite",
        "prepend", "push", "regexFind", "regexFindAll", "regexMatch", "regexReplaceAll", "regexReplaceAllLiteral",
        "regexSplit", "rest", "reverse", "slice", "toJson", "toPrettyJson", "toRawJson", "uniq", "without",
    )},
}  # fmt: skip
_NOT_EVALUATED = """
    abbrevboth add1f addf adler32sum ago bcrypt buildCustomCert call camelcase date dateInZone dateModify date_in_zone
    date_modify decryptAES derivePassword divf duration durationRound encryptAES genCA genCAWithKey genPrivateKey
    genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey hello html htmlDate htmlDateInZone
    htpasswd initials js kebabcase maxf minf mulf mustDateModify mustToDate must_date_modify now randAlpha randAlphaNum
    randAscii randBytes randInt randNumeric semver semverCompare shuffle snakecase subf swapcase toDate toDecimal
    typeIsLike unixEpoch urlJoin urlParse urlquery uuidv4 wrap wrapWith
"""
FUNCTIONS: dict[str, Signature | None] = {
    **_EVALUATED,
    **dict.fromkeys(_NOT_EVALUATED.split()),
    **{name: _EVALUATED["append" if other == "push" else other] for name, other in _ALSO.items()},
}

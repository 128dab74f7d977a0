"""Functions that make texts of texts."""

from __future__ import annotations

import base64
import binascii
import hashlib
import posixpath
import re
from collections.abc import Callable
from typing import Any

from gitops_mcp.domain.engines.go_template.values import (
    Fails,
    NotKnown,
    Signature,
    StringMap,
    byte_slice,
    go_quoted,
    go_text,
)

_MOST = 1_000_000
_SPACES = "".join(
    map(chr, (*range(9, 14), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000))
)
_NOT_IN_NAMES = re.compile(r"[^-a-z0-9.]")
_DASHES = re.compile(r"[^a-z0-9_]+")


def bounded(length: int) -> None:
    if length > _MOST:
        raise NotKnown("what its template makes is too long")


def normalize(name: str) -> str:
    return _NOT_IN_NAMES.sub("-", name.lower())[:253].strip("-.")


def slugify(*values: Any) -> str:
    *options, name = values or ("",)
    most, smart = (*options, 50, True)[:2] if not options else (*options, True)[:2]
    if not isinstance(name, str) or type(most) is not int or not isinstance(smart, bool):
        raise Fails("`slugify` takes an int, a bool and a string")
    text = normalize(name).strip(_SPACES)
    if not smart and len(text) >= most:
        if most < 0:
            raise Fails("`slugify` takes a length of 0 or more")
        text = text[:most]
    text = _DASHES.sub("-", text).strip("-_")
    if not smart or not 0 < most < len(text):
        return text
    cut = text.rfind("-", 0, most + 1)
    return text[: most if cut < 0 else cut]


def texts_of(value: Any) -> list[str]:
    """A list as texts; what is no list is one."""
    if isinstance(value, list):
        return [go_text(one) for one in value if one is not None]
    return [] if value is None else [go_text(value)]


def _trunc(count: int, text: str) -> str:
    length = len(text.encode(errors="surrogatepass"))
    if count < 0:
        return byte_slice(text, count, None) if length + count > 0 else text
    return byte_slice(text, None, count)


def _substr(start: int, end: int, text: str) -> str:
    length = len(text.encode(errors="surrogatepass"))
    if start < 0:
        first, last = 0, end
    else:
        first, last = start, length if end < 0 or end > length else end
    if not 0 <= first <= last <= length:
        raise Fails("`substr` goes past the end of its text")
    return byte_slice(text, first, last)


def _replace(old: str, new: str, text: str) -> str:
    bounded(len(text) + (text.count(old) if old else len(text) + 1) * len(new))
    return text.replace(old, new)


def _repeat(count: int, text: str) -> str:
    if count < 0:
        raise Fails("`repeat` takes a count of 0 or more")
    bounded(count * len(text))
    return text * count


def _indent(count: int, text: str) -> str:
    if count < 0:
        raise Fails("`indent` takes a count of 0 or more")
    bounded(count * (text.count("\n") + 1))
    pad = " " * count
    return pad + text.replace("\n", f"\n{pad}")


def split_text(separator: str, text: str, most: int = -1) -> list[str]:
    if not separator:
        return list(text) if most < 0 else [*text[: most - 1], *([text[most - 1 :]] if text[most - 1 :] else [])]
    return [] if most == 0 else text.split(separator, most - 1 if most > 0 else -1)


def _numbered(parts: list[str]) -> StringMap:
    return StringMap({f"_{index}": one for index, one in enumerate(parts)})


def _join(separator: str, value: Any) -> str:
    parts = texts_of(value)
    bounded(len(separator) * len(parts))
    return separator.join(parts)


def _by_letter(text: str, changed: Callable[[str], str]) -> str:
    """One letter for each, which the German ß has none for in capitals."""
    return "".join(made if len(made := changed(one)) == 1 else one for one in text)


def _title(text: str) -> str:
    starts = [True, *(not (one.isalnum() or one == "_") and (one.isascii() or one.isspace()) for one in text)]
    return "".join(one.title() if begins else one for one, begins in zip(text, starts, strict=False))


def _untitle(text: str) -> str:
    return text[:1].lower() + text[1:]


def _quote(*values: Any) -> str:
    return " ".join(go_quoted(go_text(one)) for one in values if one is not None)


def _squote(*values: Any) -> str:
    return " ".join(f"'{go_text(one)}'" for one in values if one is not None)


def _cat(*values: Any) -> str:
    return " ".join(go_text(one) for one in values if one is not None)


def _ascii(name: str, text: str) -> str:
    if not text.isascii():
        raise NotKnown(f"`{name}` of letters beyond ASCII is not evaluated")
    return text


def _abbrev(width: int, text: str) -> str:
    return text if width < 4 or len(_ascii("abbrev", text)) <= width else f"{text[: width - 3]}..."


def _base(path: str) -> str:
    return posixpath.basename(path.rstrip("/")) or ("/" if path else ".")


def _clean(path: str) -> str:
    found = posixpath.normpath(path)
    return f"/{found.lstrip('/')}" if found.startswith("//") else found


def _dir(path: str) -> str:
    return _clean(path[: path.rfind("/") + 1])


def _ext(path: str) -> str:
    name = path.rpartition("/")[2]
    return name[name.rfind(".") :] if "." in name else ""


def _decode(text: str, decoded: Any) -> str:
    try:
        return str(decoded(text.replace("\n", "").replace("\r", "")).decode())
    except (binascii.Error, ValueError) as error:
        raise NotKnown("a text of its template cannot be decoded") from error


def _hash(name: str) -> Signature:
    return Signature("s", lambda text: hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest())


TEXT_FUNCTIONS = {
    "abbrev": Signature("is", _abbrev),
    "b32dec": Signature("s", lambda text: _decode(text, base64.b32decode)),
    "b32enc": Signature("s", lambda text: base64.b32encode(text.encode()).decode()),
    "b64dec": Signature("s", lambda text: _decode(text, lambda one: base64.b64decode(one, validate=True))),
    "b64enc": Signature("s", lambda text: base64.b64encode(text.encode()).decode()),
    "base": Signature("s", _base),
    "cat": Signature("a*", _cat),
    "clean": Signature("s", _clean),
    "contains": Signature("ss", lambda part, text: part in text),
    "dir": Signature("s", _dir),
    "ext": Signature("s", _ext),
    "hasPrefix": Signature("ss", lambda part, text: text.startswith(part)),
    "hasSuffix": Signature("ss", lambda part, text: text.endswith(part)),
    "indent": Signature("is", _indent),
    "isAbs": Signature("s", lambda path: path.startswith("/")),
    "join": Signature("sa", _join),
    "lower": Signature("s", lambda text: _by_letter(text, str.lower)),
    "nindent": Signature("is", lambda count, text: f"\n{_indent(count, text)}"),
    "normalize": Signature("s", normalize),
    "nospace": Signature("s", lambda text: "".join(_ascii("nospace", text).split())),
    "plural": Signature("ssi", lambda one, many, count: one if count == 1 else many),
    "quote": Signature("a*", _quote),
    "repeat": Signature("is", _repeat),
    "replace": Signature("sss", _replace),
    "sha1sum": _hash("sha1"),
    "sha256sum": _hash("sha256"),
    "sha512sum": _hash("sha512"),
    "slugify": Signature("a*", slugify),
    "split": Signature("ss", lambda separator, text: _numbered(split_text(separator, text))),
    "splitList": Signature("ss", split_text),
    "splitn": Signature("sis", lambda separator, most, text: _numbered(split_text(separator, text, most))),
    "squote": Signature("a*", _squote),
    "substr": Signature("iis", _substr),
    "title": Signature("s", _title),
    "toString": Signature("a", go_text),
    "toStrings": Signature("a", texts_of),
    "trim": Signature("s", lambda text: text.strip(_SPACES)),
    "trimAll": Signature("ss", lambda letters, text: text.strip(letters) if letters else text),
    "trimPrefix": Signature("ss", lambda part, text: text.removeprefix(part)),
    "trimSuffix": Signature("ss", lambda part, text: text.removesuffix(part)),
    "trunc": Signature("is", _trunc),
    "untitle": Signature("s", _untitle),
    "upper": Signature("s", lambda text: _by_letter(text, str.upper)),
}

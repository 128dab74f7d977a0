"""Whether PostgreSQL would take a parameter: judged as it judges its file when it starts, by its own data of 14 to 18.

What only a server can tell (whether a file, a library or a time zone exists, whether limits fit each other), and what
depends on how PostgreSQL was built, is not decided.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gitops_mcp.domain.cnpg.cluster_arguments import parse_flag
from gitops_mcp.domain.cnpg.postgres.server_settings import (
    MAJORS,
    Setting,
    is_known_extension,
    majors_with,
    settings_of,
)
from gitops_mcp.domain.names import quote

_NEAR, _NEARER = 0.75, 0.85
_SUCCESSORS = {"wal_keep_segments": "wal_keep_size", "checkpoint_segments": "max_wal_size"}
_INTEGER = re.compile(r"[ \t\n\r\f\v]*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
_REAL = re.compile(
    r"[ \t\n\r\f\v]*([+-]?(?:0[xX](?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(?:p[+-]?[0-9]+)?"
    r"|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf(?:inity)?|nan))",
    re.IGNORECASE | re.ASCII,
)
_MEMORY = {"B": 1, "kB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}
_TIME = {"us": 1, "ms": 10**3, "s": 10**6, "min": 60 * 10**6, "h": 3600 * 10**6, "d": 86400 * 10**6}
_BLOCK = {"8kB": 2**13}
_LONGEST = 40
"""Digits; more than any range has."""
_MISSPELT = {"k": "kB", "kb": "kB", "K": "kB", "KB": "kB", "M": "MB", "mb": "MB", "G": "GB", "gb": "GB", "m": "min"}
_ON_AND_OFF = ("true", "false", "yes", "no", "1", "0")
_HIDDEN = {
    "wal_level": ("archive", "hot_standby"),
    "client_min_messages": ("debug", "info"),
    "icu_validation_level": ("debug", "info"),
    "log_min_messages": ("debug",),
    "log_min_error_statement": ("debug",),
    "auto_explain.log_level": ("debug",),
    "pgaudit.log_level": ("debug",),
}
"""Choices that no list shows."""
_OF_BUILDS = {"default_toast_compression": ("lz4",), "wal_compression": ("lz4", "zstd"), "io_method": ("io_uring",)}
_WORDS = {
    "log_destination": (("stderr", "csvlog", "syslog", "jsonlog"), ()),
    "log_connections": (
        ("on", "off", *_ON_AND_OFF, "receipt", "authentication", "authorization", "setup_durations", "all"),
        (),
    ),
    "datestyle": (
        ("iso", "sql", "german", "ymd", "dmy", "euro", "european", "mdy", "us", "noneuro", "noneuropean", "default"),
        ("postgres",),
    ),
    "debug_io_direct": (("data", "wal", "wal_init"), ()),
    "createrole_self_grant": (("set", "inherit"), ()),
    "restrict_nonsystem_relation_kind": (("view", "foreign-table"), ()),
}
"""Lists of words, and the beginnings of more of them."""
_NEWER_WORDS = {"jsonlog": 15}
_AREAS = frozenset(
    """
    africa america antarctica arctic asia atlantic australia brazil canada chile etc europe indian mexico pacific posix
    right us systemv
    """.split()  # noqa: SIM905 - as a list it takes a line for each
)
"""All that a slash may follow in the name of a time zone."""


@dataclass(frozen=True)
class Verdict:
    accepted: bool | None
    """None: not decided."""
    why: str = ""


_YES = Verdict(accepted=True)


def is_judged(major: int | None) -> bool:
    return major in MAJORS


def judge_parameter(name: str, value: str, major: int) -> Verdict:
    """What PostgreSQL makes of `name = 'value'` in its file; names count whatever their case. `major`: of `MAJORS`."""
    setting = settings_of(major).get(name.lower())
    if setting is None:
        if "." in name and not is_known_extension(name):
            return _YES
        return Verdict(accepted=False, why=_unknown_name(name, major))
    if setting.context == "i":
        return Verdict(
            accepted=False, why="cannot be set in a file, and PostgreSQL does not start with it: leave it out"
        )
    verdict = _judge_value(setting, value, major)
    if verdict.accepted is False and "." in name:
        return Verdict(
            accepted=None, why=f"{verdict.why} (the extension says so when it is loaded, and goes on without)"
        )
    return verdict


def nearly_parameter(name: str) -> str | None:
    """The parameter of any major that a name nearly is; None: it is one, or is like none."""
    if "." in name or majors_with(name):
        return None
    known = {one for major in MAJORS for one in settings_of(major)}
    return next(iter(difflib.get_close_matches(name.lower(), known, n=1, cutoff=_NEARER)), None)


def is_read_at_start(name: str, major: int | None) -> bool:
    """Whether a change needs a restart; an unknown major counts as each of them."""
    majors = MAJORS if major is None else (min(max(major, MAJORS[0]), MAJORS[-1]),)
    found = (settings_of(one).get(name.lower()) for one in majors)
    return any(one is not None and one.at_start for one in found)


def _unknown_name(name: str, major: int) -> str:
    lower, extension = name.lower(), name.partition(".")[0] if "." in name else ""
    of = f"{extension} with PostgreSQL {major}" if extension else f"PostgreSQL {major}, which does not start with it"
    if had := majors_with(lower):
        came = f"it came with {had[0]}" if had[0] > major else f"it went with {had[-1] + 1}"
        return f"is not a parameter of {of}; {came}: leave it out"
    own = [key for key, one in settings_of(major).items() if one.context != "i" and ("." in key) == bool(extension)]
    near = _SUCCESSORS.get(lower) or next(iter(difflib.get_close_matches(lower, own, n=1, cutoff=_NEAR)), None)
    return f"is not a parameter of {of}; {f'did you mean {near}?' if near else 'leave it out'}"


def _judge_value(setting: Setting, value: str, major: int) -> Verdict:
    match setting.kind:
        case "b":
            why = "" if parse_flag(value) is not None else f"{quote(value)} is neither 'on' nor 'off'"
        case "e":
            return _judge_choice(setting, value)
        case "i" | "r":
            return _judge_number(setting, value, major)
        case _:
            return _judge_text(setting, value, major)
    return Verdict(accepted=not why, why=why)


def _judge_choice(setting: Setting, value: str) -> Verdict:
    given, choices = value.lower(), tuple(one.lower() for one in setting.choices)
    more = (*_HIDDEN.get(setting.name, ()), *(_ON_AND_OFF if {"on", "off"} <= set(choices) else ()))
    if given in {*choices, *more}:
        return _YES
    if given in _OF_BUILDS.get(setting.name, ()):
        return Verdict(accepted=None, why=f"{quote(value)} is there only where PostgreSQL was built with it")
    listed = ", ".join(one or "''" for one in setting.choices)
    return Verdict(accepted=False, why=f"{quote(value)} does not exist; there are: {listed}")


def _judge_text(setting: Setting, value: str, major: int) -> Verdict:
    if setting.name in _WORDS:
        words, starts = _WORDS[setting.name]
        words = tuple(one for one in words if major >= _NEWER_WORDS.get(one, 0))
        given = [one.strip().strip('"').lower() for one in value.split(",")] if value.strip() else []
        wrong = [one for one in given if one not in words and not one.startswith(starts or ("\0",))]
        if wrong:
            text = f"{quote(wrong[0])} does not exist; there are: {', '.join((*words, *starts))}"
            return Verdict(accepted=False, why=text)
    if setting.name in {"timezone", "log_timezone"} and "/" in value and value.partition("/")[0].lower() not in _AREAS:
        return Verdict(accepted=False, why=f"{quote(value)} is not a time zone: use one such as 'UTC' or 'Europe/Rome'")
    return _YES


def _judge_number(setting: Setting, value: str, major: int) -> Verdict:
    number = _read_number(setting, value)
    if number is None:
        return Verdict(accepted=False, why=f"{quote(value)} {_what_works(setting, value)}")
    if not setting.least <= number <= setting.most or (setting.kind == "i" and abs(number) > 2**31):
        text = f"{quote(value)} is outside of {_bound(setting, setting.least)} to {_bound(setting, setting.most)}"
        return Verdict(accepted=False, why=f"{text}: use one such as {quote(_nearest(setting, number))}")
    if setting.name == "vacuum_buffer_usage_limit" and 0 < number < 128:
        return Verdict(accepted=False, why=f"{quote(value)} is neither 0 nor from 128kB to 16GB: use one such as '2MB'")
    if setting.name == "max_connections" and major < 18 and number > setting.most - 1000:
        text = f"{quote(value)} is too many together with max_worker_processes and max_wal_senders: use '500'"
        return Verdict(accepted=False if number > setting.most - 22 else None, why=text)
    return _YES


def _read_number(setting: Setting, text: str) -> float | None:
    """By `parse_int` and `parse_real` of guc.c, in the setting's own unit."""
    found = _INTEGER.match(text) if setting.kind == "i" else None
    if found is None or text[found.end() : found.end() + 1] in {".", "e", "E"}:
        found = _REAL.match(text)
        value = _real_value(found[1], is_endless=setting.kind == "r") if found else None
    else:
        value = _integer_value(found[1], found[2])
    if found is None or value is None:
        return None
    unit = text[found.end() :].strip(" \t\n\r\f\v")
    made = _in_base_unit(value, unit, setting.unit) if unit else value
    if made is None or setting.kind == "r":
        return made
    return float(round(made)) if math.isfinite(made) else None


def _integer_value(sign: str, digits: str) -> float:
    """With a zero before it is octal."""
    base = 16 if digits[:2].lower() == "0x" else 8 if digits[0] == "0" else 10
    return math.inf if len(digits) > _LONGEST else float(int(digits, base)) * (-1 if sign == "-" else 1)


def _real_value(text: str, *, is_endless: bool) -> float | None:
    """`is_endless`: infinity may be said; what is only too large is none."""
    is_word = text.lstrip("+-")[0] in "iInN"
    try:
        made = float.fromhex(text) if "x" in text.lower() else float(text)
    except OverflowError:
        return None
    return made if math.isfinite(made) or (is_word and is_endless and not math.isnan(made)) else None


def _in_base_unit(value: float, unit: str, base: str) -> float | None:
    """A fraction counts to the next smaller unit alone."""
    family = _units_beside(base)
    if unit not in family:
        return None
    own = {**family, **_BLOCK}[base]
    made = value * family[unit] / own
    smaller = [size / own for size in family.values() if size < family[unit]]
    return round(made / smaller[-1]) * smaller[-1] if smaller and math.isfinite(made) else made


def _units_beside(unit: str) -> dict[str, int]:
    """All that stand for a number of the same kind; none where numbers are bare."""
    return _TIME if unit in _TIME else _MEMORY if unit else {}


def _what_works(setting: Setting, value: str) -> str:
    family = _units_beside(setting.unit)
    if not family:
        return f"is not a number: use one such as {quote(_example(setting))}"
    mended = next(_mended_values(setting, value), _example(setting))
    *units, last = family
    return f"is not a number with {', '.join(units)} or {last}: use one such as {quote(mended)}"


def _mended_values(setting: Setting, value: str) -> Iterator[str]:
    text = value.strip().strip("'")
    number = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    unit = text[len(number) :]
    for one in (text, f"{number}{_MISSPELT.get(unit, unit)}"):
        found = _read_number(setting, one)
        if found is not None and setting.least <= found <= setting.most:
            yield one


def _example(setting: Setting) -> str:
    return _bound(setting, max(setting.least, min(1.0 if setting.kind == "r" else setting.least, setting.most), 0.0))


def _nearest(setting: Setting, number: float) -> str:
    return _bound(setting, setting.most) if setting.most < min(number, 1e300) else _example(setting)


def _bound(setting: Setting, number: float) -> str:
    """A number of a setting's unit as PostgreSQL takes it."""
    if setting.unit in _BLOCK:
        return _bound(replace(setting, unit="kB"), number * 8) if number > 0 else f"{number:.0f}"
    shown = f"{number:.0f}" if number == int(number) and abs(number) < 1e15 else f"{number:g}"
    return f"{shown}{setting.unit}" if number > 0 else shown

"""The part of Go's templates that manifests of passwords need: text, `{{ .key }}`, and literals in either quote.

Anything else in braces is refused rather than left as it is, since what would come out is not what was meant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

_CODE = re.compile(r'\{\{\s*(?:\.(?P<key>\w+)|(?P<quoted>"(?:[^"\\]|\\.)*")|`(?P<raw>[^`]*)`)\s*\}\}')


class Unfillable(Exception):
    """Why a template cannot be filled; no value is repeated."""


def fill_template(template: str, values: Mapping[str, str]) -> str:
    """A key that is missing is an error, as it is for the External Secrets Operator (`missingkey=error`)."""
    result, place = [], 0
    for code in _CODE.finditer(template):
        result += [_check_plain(template[place : code.start()]), _value(code, values)]
        place = code.end()
    return "".join([*result, _check_plain(template[place:])])


def _check_plain(text: str) -> str:
    if "{{" in text:
        raise Unfillable("unable to parse template: the sandbox knows text, {{ .key }} and literals only")
    return text


def _value(code: re.Match[str], values: Mapping[str, str]) -> str:
    if code["key"] is not None:
        if code["key"] not in values:
            raise Unfillable(f'unable to execute template: map has no entry for key "{code["key"]}"')
        return values[code["key"]]
    if code["raw"] is not None:
        return code["raw"]
    try:
        # Go's escapes that JSON does not have are \a, \v, \x and octal ones.
        return str(json.loads(code["quoted"]))
    except ValueError as error:
        raise Unfillable("unable to parse template: a literal has an escape that the sandbox does not know") from error

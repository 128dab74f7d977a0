"""Requests to a model's endpoint, asked again where it is busy."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import httpx2

from evals.work import Unusable

_TRIES = 6
_SECONDS = 600
_BUSY = {408, 409, 429, 500, 502, 503, 504, 529}


def post(url: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
    """Raises Unusable where the endpoint refuses, does not answer, or answers with what is no JSON object."""
    why = url
    for attempt in range(_TRIES):
        wait = float(2**attempt)
        try:
            response = httpx2.post(url, json=dict(body), headers=dict(headers), timeout=_SECONDS)
        except httpx2.HTTPError as error:
            why = f"{url}: {type(error).__name__}: {error}"
        else:
            why = f"{url}: HTTP {response.status_code}: {response.text[:300]}"
            if response.is_success:
                try:
                    answer = response.json()
                except ValueError as error:
                    raise Unusable(why) from error
                if isinstance(answer, dict):
                    return answer
            if response.status_code not in _BUSY:
                raise Unusable(why)
            wait = _seconds(response.headers.get("retry-after"), wait)
        if attempt + 1 < _TRIES:
            time.sleep(wait)
    raise Unusable(why)


def _seconds(said: str | None, otherwise: float) -> float:
    try:
        return min(float(said or ""), 60)
    except ValueError:
        return otherwise

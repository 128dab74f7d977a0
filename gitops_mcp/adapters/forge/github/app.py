"""A GitHub App as the one who acts: a short JWT that it signs, for a token of its installation that lasts an hour."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from gitops_mcp.adapters.forge.answers import at, text_at
from gitops_mcp.adapters.forge.credentials import GITHUB_APP, AppKey, Credential
from gitops_mcp.adapters.forge.place import ForgePlace
from gitops_mcp.adapters.forge.wire import Access, ForgeWire
from gitops_mcp.errors import Unavailable

_LASTS = 3300.0
"""Seconds after which another token is asked for; each lasts an hour."""


class AppSource:
    """The App's token, asked for again before it ends."""

    def __init__(self, key: AppKey, place: ForgePlace, headers: Mapping[str, str], access: Access) -> None:
        self._key = key
        self._place = place
        self._wire = ForgeWire(
            "GitHub",
            place.api,
            self._signed,
            self._signed(),
            authorization=lambda credential: f"Bearer {credential.secret}",
            headers=headers,
            access=access,
        )
        self._login: str | None = None
        self._installation = key.installation

    def __call__(self) -> Credential:
        self._wire.credential = self._signed()
        if self._login is None:
            about = f"the installation of GitHub App {self._key.app_id} in {self._place.path}"
            answer = self._wire.get(f"/repos/{quote(self._place.path)}/installation", about=about)
            self._login = text_at(answer.body, "app_slug") or f"App {self._key.app_id}"
            self._installation = self._installation or str(at(answer.body, "id"))
        path = f"/app/installations/{self._installation}/access_tokens"
        answer = self._wire.ask("POST", path, about="a token of the installation", writes=False)
        token = text_at(answer.body, "token")
        if token is None:
            raise Unavailable("GitHub: a token of the installation: the answer holds none: check forge.api")
        return Credential(GITHUB_APP, token, login=self._login, ends=time.monotonic() + _LASTS)

    def _signed(self) -> Credential:
        import jwt

        now = int(time.time())
        claims: dict[str, Any] = {"iat": now - 60, "exp": now + 540, "iss": self._key.app_id}
        try:
            token = jwt.encode(claims, self._key.key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError) as error:  # its text may hold parts of the key
            raise Unavailable(
                "GitHub: the private key of the App cannot be read: GITHUB_APP_PRIVATE_KEY holds the PEM file that "
                "GitHub gave, line breaks or \\n between its lines, and GITHUB_APP_PRIVATE_KEY_PATH names it"
            ) from error
        return Credential(f"the key of GitHub App {self._key.app_id}", token)

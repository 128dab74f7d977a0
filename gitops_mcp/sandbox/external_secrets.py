"""The part of the External Secrets Operator that makes passwords: an ExternalSecret whose generator is a Password.

Stores are left out, since there is nothing behind this that could keep a secret. When a value is made anew is what
matters here, so that follows the operator: by the refresh policy, and whenever the Secret is gone or was edited.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import string
from datetime import UTC, datetime, timedelta

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.api import ApiError, Store
from gitops_mcp.sandbox.controller import Controller
from gitops_mcp.sandbox.made_secrets import (
    encode_values,
    live_secret,
    make_condition,
    now,
    owner_of,
    tell_event,
    write_secret,
)
from gitops_mcp.sandbox.templates import Unfillable, fill_template

_PREFIX = "reconcile.external-secrets.io/"
_MANAGED, _HASH, _OWNER = f"{_PREFIX}managed", f"{_PREFIX}data-hash", f"{_PREFIX}created-by"
_FINALIZER = "externalsecrets.external-secrets.io/externalsecret-cleanup"
_NO_DATA = "could not get secret data from provider"
_NO_UPDATE = "could not update secret"
_OWNED = "target is owned by another ExternalSecret"
_SYMBOLS = '~!@#$%^&*()_+`-={}|[]\\:"<>?,./'
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}


class Unsynced(Exception):
    """Why there is no Secret, or not the one that is asked for: in the condition's words, and in those of the event."""

    def __init__(self, message: str, detail: str) -> None:
        super().__init__(message)
        self.message, self.detail = message, detail


class ExternalSecretsOperator(Controller):
    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._details: dict[str, str] = {}
        """The last event of each object, by uid."""
        self._given_up: dict[str, int] = {}
        """The generation of which there is no second try, by uid."""

    def reconcile(self) -> float | None:
        pauses = []
        for found in self.store.list(kinds.EXTERNAL_SECRET):
            place = found["metadata"]["namespace"], found["metadata"]["name"]
            with self.attempt(f"ExternalSecret {'/'.join(place)}"):
                if self._is_held(found):
                    self._sync(self.store.get(kinds.EXTERNAL_SECRET, *place))
                    pauses.append(_seconds_to_refresh(self.store.get(kinds.EXTERNAL_SECRET, *place)))
        return min((pause for pause in pauses if pause is not None), default=None)

    def _is_held(self, found: Object) -> bool:
        """Whether it stays: each has a finalizer from its first turn on, which goes with the last."""
        metadata = found["metadata"]
        held, going = _FINALIZER in (metadata.get("finalizers") or ()), "deletionTimestamp" in metadata
        if held == going:
            others = [one for one in metadata.get("finalizers") or () if one != _FINALIZER]
            wanted = others if going else [*others, _FINALIZER]
            change = {"metadata": {"finalizers": wanted}}
            self.store.merge(kinds.EXTERNAL_SECRET, metadata["namespace"], metadata["name"], change)
        return not going

    def _sync(self, found: Object) -> None:
        metadata, target = found["metadata"], found["spec"].get("target") or {}
        name = target.get("name") or metadata["name"]
        secret = live_secret(self.store, metadata["namespace"], name)
        is_given_up = self._given_up.get(metadata["uid"]) == metadata["generation"]
        if is_given_up or (not _is_due(found) and _is_untouched(secret)):
            return
        try:
            wanted = _make_secret(found, name, self._values(found))
            if secret is not None:
                wanted = _over_existing(secret, wanted, target)
            write_secret(self.store, secret, wanted)
        except Unsynced as error:
            if error.message == _OWNED:
                self._given_up[metadata["uid"]] = metadata["generation"]
            self._report(found, error.message, detail=error.detail)
        else:
            self._report(found, "", binding=name, detail=f"secret {'updated' if secret else 'created'}")

    def _values(self, found: Object) -> dict[str, str]:
        """What the generators give, each a new value."""
        spec = found["spec"]
        if spec.get("data") or not spec.get("dataFrom"):
            raise Unsynced(_NO_DATA, "the sandbox has Password generators only")
        values: dict[str, str] = {}
        for number, source in enumerate(spec["dataFrom"]):
            reference = at(source, "sourceRef", "generatorRef") or {}
            if reference.get("kind") != kinds.PASSWORD.kind or source.get("rewrite"):
                raise Unsynced(_NO_DATA, "the sandbox has Password generators only")
            where = f"error processing spec.dataFrom[{number}].sourceRef.generatorRef, err:"
            try:
                generator = self.store.get(kinds.PASSWORD, found["metadata"]["namespace"], reference["name"])
            except ApiError as error:
                missing = f'{kinds.PASSWORD.kind}.{kinds.PASSWORD.group} "{reference["name"]}" not found'
                raise Unsynced(_NO_DATA, f"{where} unable to get generator: {missing}") from error
            made = generator.get("spec") or {}
            try:
                values |= {key: _generate_password(made) for key in made.get("secretKeys") or ("password",)}
            except ValueError as error:
                raise Unsynced(_NO_DATA, f"{where} error using generator: {error}") from error
        return values

    def _report(self, found: Object, fault: str, *, detail: str, binding: str = "") -> None:
        metadata, before = found["metadata"], found.get("status") or {}
        reason, message = ("SecretSyncedError", fault) if fault else ("SecretSynced", "secret synced")
        known = {key: before[key] for key in ("refreshTime", "syncedResourceVersion", "binding") if key in before}
        kept = {"binding": {"name": ""}, **known}
        synced = {"refreshTime": now(), "syncedResourceVersion": _synced_version(found), "binding": {"name": binding}}
        stated = make_condition(found, "Ready", holds=not fault, message=message, reason=reason)
        status = {**kept, **({} if fault else synced), "conditions": [stated]}
        place = metadata["namespace"], metadata["name"]
        self.store.change(kinds.EXTERNAL_SECRET, *place, lambda live: {**live, "status": status}, subresource="status")
        if not fault or self._details.get(metadata["uid"]) != detail:
            self._details[metadata["uid"]] = detail
            how = "UpdateFailed" if fault else "Created" if detail.endswith("created") else "Updated"
            tell_event(self.store, found, "external-secrets", how, detail)


def _is_due(found: Object) -> bool:
    """Whether a new value is to be made, by the refresh policy."""
    synced, policy = at(found, "status", "syncedResourceVersion"), found["spec"].get("refreshPolicy") or "Periodic"
    if not synced:
        return True
    if policy == "CreatedOnce":
        return False
    if synced != _synced_version(found):
        return True
    pause = _seconds_to_refresh(found)
    return pause is not None and pause <= 0


def _seconds_to_refresh(found: Object) -> float | None:
    """Seconds to the next refresh; None where none is planned."""
    refreshed, interval = (
        at(found, "status", "refreshTime"),
        _parse_duration(found["spec"].get("refreshInterval") or "0"),
    )
    if not refreshed or not interval or (found["spec"].get("refreshPolicy") or "Periodic") != "Periodic":
        return None
    due = datetime.fromisoformat(refreshed) + timedelta(seconds=interval)
    return max(0.0, (due - datetime.now(UTC)).total_seconds())


def _parse_duration(duration: str) -> float:
    """Of Go's notation: `1h0m0s`."""
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"([\d.]+)([hms])", duration))


def _synced_version(found: Object) -> str:
    metadata = found["metadata"]
    said = json.dumps([metadata.get("labels"), metadata.get("annotations")], sort_keys=True)
    return f"{metadata['generation']}-{_digest(said)}"


def _is_untouched(secret: Object | None) -> bool:
    return (
        secret is not None
        and at(secret, "metadata", "labels", _MANAGED) == "true"
        and at(secret, "metadata", "annotations", _HASH) == _hash(secret.get("data") or {})
    )


def _over_existing(secret: Object, wanted: Object, target: Object) -> Object:
    """What becomes of a Secret that is there, whoever made it.

    It is taken over; with `immutable` it keeps its values, its type and its labels, and that counts as synced.
    """
    owner = next((one for one in secret["metadata"].get("ownerReferences") or () if one.get("controller")), None)
    own = next(iter(wanted["metadata"].get("ownerReferences") or ()), None)
    if owner and own and (owner["kind"], owner["name"]) != (own["kind"], own["name"]):
        if owner["kind"] == own["kind"]:
            raise Unsynced(
                _OWNED,
                f"unable to mutate secret {secret['metadata']['name']}: secret is owned by another ExternalSecret: "
                f"{owner['name']}",
            )
        raise Unsynced("failed to take ownership of target secret", "could not set controller reference on secret")
    if target.get("immutable"):
        kept: Object = {key: secret[key] for key in ("data", "type") if key in secret}
        marks = {key: value for key, value in wanted["metadata"]["labels"].items() if key.startswith(_PREFIX)}
        metadata = {**wanted["metadata"], "labels": marks, "annotations": {_HASH: _hash(secret.get("data") or {})}}
        return {**wanted, **kept, "metadata": metadata}
    if secret.get("immutable") and secret.get("data") != wanted["data"]:
        raise Unsynced(
            f"{_NO_UPDATE}, target is immutable",
            f"unable to update secret {secret['metadata']['name']}: secret is immutable",
        )
    return wanted


def _make_secret(found: Object, name: str, values: dict[str, str]) -> Object:
    metadata, target = found["metadata"], found["spec"].get("target") or {}
    if target.get("creationPolicy", "Owner") not in {"Owner", "Orphan"}:
        raise Unsynced(_NO_UPDATE, "the sandbox knows the creation policies Owner and Orphan only")
    template = target.get("template")
    # Without a template the Secret takes on the labels and annotations of the ExternalSecret.
    given = (template or {}).get("metadata") or {} if template is not None else metadata
    texts = (template or {}).get("data")
    filled_in = _fill_templates(texts, values) if texts else values
    kept = values if (template or {}).get("mergePolicy") == "Merge" else {}
    data = encode_values({**kept, **filled_in})
    own = {
        "name": name,
        "namespace": metadata["namespace"],
        "labels": {**(given.get("labels") or {}), _MANAGED: "true"},
        "annotations": {**(given.get("annotations") or {}), _HASH: _hash(data)},
    }
    if target.get("creationPolicy", "Owner") == "Owner":
        own["ownerReferences"] = [owner_of(found)]
        own["labels"][_OWNER] = _digest(f"{metadata['namespace']}/{metadata['name']}")[:56]
    immutable = {"immutable": True} if target.get("immutable") else {}
    return {"metadata": own, "type": (template or {}).get("type") or "Opaque", "data": data, **immutable}


def _fill_templates(texts: dict[str, str], values: dict[str, str]) -> dict[str, str]:
    try:
        return {key: fill_template(text, values) for key, text in texts.items()}
    except Unfillable as error:
        raise Unsynced(_NO_UPDATE, f"could not apply template: could not execute template: {error}") from error


def _generate_password(spec: Object) -> str:
    """A quarter digits and a quarter symbols, unless told otherwise."""
    length = spec.get("length", 24)
    digits, symbols = spec.get("digits", length // 4), spec.get("symbols", length // 4)
    letters = string.ascii_lowercase + ("" if spec.get("noUpper") else string.ascii_uppercase)
    chosen = [
        *_choose_characters(string.digits, digits, spec),
        *_choose_characters(spec.get("symbolCharacters") or _SYMBOLS, symbols, spec),
        *_choose_characters(letters, length - digits - symbols, spec),
    ]
    secrets.SystemRandom().shuffle(chosen)
    return _encode_password(spec.get("encoding", "raw"), "".join(chosen))


def _choose_characters(characters: str, count: int, spec: Object) -> list[str]:
    if count < 0:
        raise ValueError("number of digits and symbols must be less than total length")
    if not spec.get("allowRepeat") and count > len(characters):
        raise ValueError("number of characters exceeds those there are and repeats are not allowed")
    if spec.get("allowRepeat"):
        return [secrets.choice(characters) for _ in range(count)]
    return secrets.SystemRandom().sample(characters, count)


def _encode_password(encoding: str, password: str) -> str:
    raw = password.encode()
    match encoding:
        case "base64":
            return base64.b64encode(raw).decode()
        case "base64url":
            return base64.urlsafe_b64encode(raw).decode()
        case "base32":
            return base64.b32encode(raw).decode()
        case "hex":
            return raw.hex()
        case _:
            return password


def _hash(data: Object) -> str:
    return _digest(json.dumps(data, sort_keys=True))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

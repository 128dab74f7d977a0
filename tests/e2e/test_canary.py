"""One run with every provider, watched from all sides: no password and nothing put in a wrong place is anywhere.

What is watched: every frame on the wire, the log, the audit log, every object of the repositories, the argument list and
the environment of every process that the server starts, every file that is left, and every request to the API.
"""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyrage
import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.sandbox.run import World
from tests.calls import Subject, every_dry_run, every_read
from tests.e2e.team import Team, configuration, orders, until, world_of
from tests.e2e.wire import Wire

CANARY = "c4nary"
"""A part of every secret here that somebody puts in a wrong place."""
FREE_TEXT = frozenset({"reason", "comment"})
"""Where people may write what they like. What is told there is masked by its form, which a bare word does not have."""
NAMES = frozenset(
    {"role_name", "database_name", "in_roles", "roles", "extensions", "schemas", "owner", "database", "parameters"}
)
"""Where any word is a name, and becomes one: only what has the form of a credential is told apart."""
WRAPPER = """#!/bin/sh
cat /proc/$$/cmdline /proc/$$/environ >>{seen}
exec {program} "$@"
"""


class Recording(Wire):
    """Keeps every frame as it went over the wire."""

    sent: list[bytes]
    received: list[bytes]

    def _line(self, message: Mapping[str, Any]) -> None:
        self.sent = [*getattr(self, "sent", []), json.dumps(message).encode()]
        super()._line(message)

    def _answer(self) -> dict[str, Any]:
        while True:
            line = self._stdout.readline()
            assert line, "the server ended without an answer"
            self.received = [*getattr(self, "received", []), line]
            message = json.loads(line)
            if message.get("id") == self._number:
                result: dict[str, Any] = message["result"]
                return result

    def tools(self) -> list[dict[str, Any]]:
        self.greet()
        self._write("tools/list", {})
        listed: list[dict[str, Any]] = self._answer()["tools"]
        return listed


@dataclass
class Watch:
    place: Path
    world: World
    team: Team
    server: Recording
    recipient: str
    subject: Subject
    passwords: set[str] = field(default_factory=set)
    """Every one that was ever in a Secret of the world."""
    canaries: list[str] = field(default_factory=list)

    def provider(self, name: str) -> None:
        rules = f"creation_rules:\n  - path_regex: \\.sops\\.yaml$\n    age: {self.recipient}\n"
        self.team.commit({".gitops-mcp.yaml": configuration(f"{{provider: {name}}}"), ".sops.yaml": rules})

    def proposed(self, tool: str, **arguments: Any) -> dict[str, Any]:
        done = self.server.answer(tool, **arguments)
        self.look()
        return done

    def applied(self, tool: str, **arguments: Any) -> None:
        """Until the role is there, with a password that was not there before."""
        before = len(self.passwords)
        done = self.proposed(tool, cluster_name="orders-db", **arguments)
        if done["outcome"] == "committed":
            self.team.merge(done["branch"])
            self.server.answer("get_change", change=done["change"], detail_level="detailed")
        role = arguments["role_name"]

        def is_there() -> bool:
            rows = self.server.answer("list_postgres_roles", cluster_name="orders-db")["items"]
            return [row["state"] for row in rows if row["name"] == role] == ["reconciled"]

        def is_new() -> bool:
            self.look()
            return len(self.passwords) > before

        until(self.world, lambda: is_there() and is_new())

    def look(self) -> None:
        """Remembers the passwords that there are."""
        for one in self.world.store.list(kinds.SECRET):
            if "password" in one.get("data", {}):
                self.passwords.add(base64.b64decode(one["data"]["password"]).decode())

    def canary(self, form: str) -> str:
        """One that is put nowhere else."""
        made = f"{CANARY}-Xy7Qm2Lp9Rt4Z{len(self.canaries)}x"
        self.canaries.append(made)
        return form.format(made)

    def evidence(self) -> dict[str, bytes]:
        """Everything that is left of the run, but what the caller itself sent."""
        files = [path for path in self.place.rglob("*") if path.is_file() and "/world/" not in f"{path}/"]
        return {
            "frames": b"".join(self.server.received),
            "remote": self.team.objects(self.team.remote),
            "checkout": self.team.objects(self.team.checkout),
            "requests": self.world.requests.read_bytes(),
            **{str(path): path.read_bytes() for path in files if path.name != "age.key"},
        }


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    place = tmp_path_factory.mktemp("canary")
    identity = pyrage.x25519.Identity.generate()
    (place / "age.key").write_text(f"{identity}\n")
    for folder in ("first-on-path", "temporary"):
        (place / folder).mkdir()
    for program in ("git", "sops"):
        found = shutil.which(program)
        assert found, f"{program} is not on PATH"
        script = place / "first-on-path" / program
        script.write_text(WRAPPER.format(seen=place / "processes", program=found))
        script.chmod(0o755)
    with world_of(place / "world", age_key=place / "age.key") as world:
        team = Team.on(place / "team", world.remote)
        env = {
            **team.environment,
            "PATH": f"{place / 'first-on-path'}:{team.environment['PATH']}",
            "KUBECONFIG": str(world.kubeconfig),
            "TMPDIR": str(place / "temporary"),
        }
        flags = ("--audit-log", str(place / "audit"), "--log-level", "debug")
        with Recording(team.checkout, *flags, env=env, log=team.log) as server:
            yield Watch(place, world, team, server, str(identity.to_public()), orders(team, server.answer))


def found_in(evidence: Mapping[str, bytes], secret: str) -> list[str]:
    """Where a secret stands, plain or in base64."""
    forms = (secret.encode(), base64.b64encode(secret.encode()))
    return [name for name, content in evidence.items() if any(form in content for form in forms)]


@pytest.mark.thorough
def test_no_generated_password_is_anywhere_but_in_the_cluster(watch: Watch) -> None:
    for provider, role in (
        ("external-secrets", "ext"),
        ("sealed-secrets", "My Sealed"),
        ("sops", 'so"ps'),
        ("cluster", "clu"),
    ):
        watch.provider(provider)
        before = len(watch.passwords)
        watch.applied("create_postgres_role", role_name=role, reason=f"for {provider}")
        watch.applied("update_postgres_role", role_name=role, rotate_password=True)
        assert len(watch.passwords) > before + 1
    watch.proposed("create_postgres_role", cluster_name="orders-db", role_name="gone", change="gone")
    watch.server.answer("discard_change", change="gone", confirm_deletion=True)
    watch.server.answer("delete_postgres_role", cluster_name="orders-db", role_name="clu", drop=False)
    for tool, said in (*every_read(watch.subject), *every_dry_run(watch.subject)):
        watch.proposed(tool.name, **said)

    assert len(watch.passwords) >= 9
    evidence = watch.evidence()
    processes = evidence[str(watch.place / "processes")]
    assert b"push" in processes
    assert b"--filename-override" in processes
    assert b"tools/call" in b"".join(watch.server.sent)
    assert "git push" in watch.team.log.read_text()
    for password in watch.passwords:
        assert found_in(evidence, password) == []
        assert found_in({"sent": b"".join(watch.server.sent)}, password) == []


def shapes(schema: Mapping[str, Any], canary: str) -> list[Any]:
    """Values that have the canary in the place of each text that a schema allows."""
    found: list[Any] = []
    for one in schema.get("anyOf", [schema]):
        match one.get("type"):
            case "string":
                found.append(canary)
            case "array":
                found += [[part] for part in shapes(one.get("items", {}), canary)]
            case "object":
                inside = one.get("additionalProperties")
                if inside := {"type": "string"} if inside is True else inside:
                    known = one.get("propertyNames", {}).get("enum", ["work_mem"])[0]
                    found += [{known: part} for part in shapes(inside, canary)]
                    found += [{canary: "on"}, {canary: 1}]
                found += [
                    {name: part} for name, sub in one.get("properties", {}).items() for part in shapes(sub, canary)
                ]
            case _:
                pass
    return found


FORMS = ("password={}", "postgres://app:{}@db/x", "{}")


@pytest.mark.thorough
def test_what_is_put_where_it_does_not_belong_is_refused_and_not_repeated(watch: Watch) -> None:
    watch.provider("cluster")
    # What is accepted and changes nothing, so that a call is refused for nothing but its canary.
    harmless = {tool.name: said for tool, said in reversed((*every_read(watch.subject), *every_dry_run(watch.subject)))}
    before = watch.team.branches()
    accepted, number = [], 0
    for tool in watch.server.tools():
        schema, said = tool["inputSchema"], harmless[tool["name"]]
        watch.server.answer(tool["name"], **said)
        for argument, rules in schema["properties"].items():
            if argument in FREE_TEXT:
                continue
            for form in FORMS[:2] if argument in NAMES else FORMS:
                for place in range(len(shapes(rules, ""))):
                    value = shapes(rules, watch.canary(form))[place]
                    number += 1
                    result = watch.server.call(tool["name"], **{**said, argument: value})
                    if not result.get("isError"):
                        accepted.append((tool["name"], argument, form))
            watch.server.call(tool["name"], **{**said, watch.canary("{}"): "x"})
    assert accepted == []
    assert number > 200
    assert watch.team.branches() == before
    check_canaries(watch)


@pytest.mark.thorough
def test_what_is_told_in_free_text_is_masked(watch: Watch) -> None:
    watch.provider("cluster")
    reason = " and ".join(watch.canary(form) for form in FORMS[:2])
    watch.server.answer("scale_postgres_cluster", name="invoices-db", instances=3, reason=reason)
    for form in FORMS[:2]:
        asked = {"cluster_name": "orders-db", "role_name": "talker", "comment": watch.canary(form)}
        assert watch.server.call("create_postgres_role", **asked)["isError"]
        asked["role_name"] = "clu"
        asked["comment"] = watch.canary(form)
        assert watch.server.call("update_postgres_role", **asked)["isError"]
    watch.server.answer("get_change", change="scale-billing-invoices-db", detail_level="detailed")
    check_canaries(watch)


def check_canaries(watch: Watch) -> None:
    evidence = watch.evidence()
    assert CANARY in b"".join(watch.server.sent).decode()
    left = {canary: places for canary in watch.canaries if (places := found_in(evidence, canary))}
    told = [line for line in watch.server.received if any(canary.encode() in line for canary in left)]
    assert left == {}, b"".join(told).decode()
    assert not [name for name, content in evidence.items() if CANARY.encode() in content.lower()]

"""The runner from its command to the report: a model behind each kind of endpoint, and a command line that speaks MCP."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from evals.__main__ import main
from evals.arms import can_hold_network
from evals.hand_in import HandIn
from evals.tasks import TASKS
from tests.fakes.model_endpoint import Part, model_endpoint

ROOT = Path(__file__).parents[2]
CLUSTER = "Cluster/shop/orders-db"
SCALED = HandIn(outcome="done", object=CLUSTER, field="spec.instances", value=5, commit="the last")
REFUSED = HandIn(outcome="refused", object=CLUSTER, cause="volume-cannot-shrink")
SCALE = ("scale_postgres_cluster", {"name": "orders-db", "instances": 5})
SHRINK = ("update_postgres_cluster", {"name": "orders-db", "storage_size": "10Gi"})
PARTS = [Part("five instances", SCALE, SCALED), Part("10Gi", SHRINK, REFUSED)]
BY_HAND = (
    "git worktree add --quiet ../mine -b mine && cd ../mine && "
    "sed -i 's/instances: 3/instances: 5/' clusters/prod/shop/orders-db/cluster.yaml && "
    "git commit --quiet --all --message Scale && git push --quiet origin mine && git rev-parse HEAD"
)


@dataclass(frozen=True)
class Ended:
    returncode: int
    stdout: str
    stderr: str


def evals(*arguments: str, **variables: str) -> Ended:
    """`python -m evals`, in this process: to load it takes longer than most of what it does here."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
            patch.delenv(name, raising=False)
        for name, value in variables.items():
            patch.setenv(name, value)
        code = main(arguments)
    return Ended(code, out.getvalue(), err.getvalue())


def run(out: Path, *arguments: str, **variables: str) -> tuple[dict[str, dict[str, Any]], str, str]:
    """The rows of the report by task, its page, and what was printed."""
    done = evals("run", "--out", str(out), *arguments, **variables)
    assert (done.returncode, done.stderr) == (0, ""), done
    rows = json.loads((out / "report.json").read_text())["rows"]
    return {row["task"]: row for row in rows}, (out / "report.md").read_text(), done.stdout


def only(*tasks: str) -> list[str]:
    return [word for task in tasks for word in ("--only", task)]


@pytest.mark.parametrize(
    ("option", "variable", "path", "key"),
    [
        ("--anthropic", "ANTHROPIC_API_KEY", "", ("x-api-key", "a-key")),
        ("--openai", "OPENAI_API_KEY", "/v1", ("authorization", "Bearer a-key")),
    ],
)
def test_a_model_behind_an_endpoint_works_on_tasks(
    option: str, variable: str, path: str, key: tuple[str, str], tmp_path: Path
) -> None:
    with model_endpoint(PARTS) as endpoint:
        endpoint.faults.append(529)
        rows, page, _ = run(
            tmp_path / "out",
            *("--arm", "gitops-mcp", option, "a-model", "--url", endpoint.url + path),
            *only("scale-a-cluster", "shrink-a-volume"),
            **{variable: "a-key"},
        )
        assert {name: row["passed"] for name, row in rows.items()} == {"scale-a-cluster": True, "shrink-a-volume": True}
        assert {(row["calls"], row["input_tokens"], row["output_tokens"]) for row in rows.values()} == {(1, 240, 20)}
        assert dict([key]).items() <= endpoint.headers[0].items()
        assert {body["model"] for body in endpoint.bodies} == {"a-model"}
        assert "a-key" not in page + "".join(one.read_text() for one in (tmp_path / "out").iterdir())
    assert "| passed | 2 of 2 |" in page
    assert "Nothing: each task was passed." in page
    events = [json.loads(line) for line in (tmp_path / "out/scale-a-cluster-1.jsonl").read_text().splitlines()]
    assert [event["kind"] for event in events if event["kind"] != "said"] == ["prompt", "call", "answer"]


def test_a_shell_with_kubectl_and_git_does_it_too_and_reaches_nothing_else(tmp_path: Path) -> None:
    looked = "env; kubectl get --raw /version >/dev/null && echo reached"
    with model_endpoint([]) as endpoint:
        other = f"(echo >/dev/tcp/127.0.0.1/{endpoint.url.rpartition(':')[2]}) 2>/dev/null || echo closed"
        endpoint.parts.append(Part("five instances", ("shell", {"command": f"{looked}; {other}; {BY_HAND}"}), SCALED))
        rows, page, _ = run(
            tmp_path / "out",
            *("--arm", "shell", "--openai", "a-model", "--url", f"{endpoint.url}/v1"),
            *only("scale-a-cluster"),
            OPENAI_API_KEY="a-key",
            MINE="a variable of the person's own",
        )
    assert rows["scale-a-cluster"]["passed"], rows
    events = [json.loads(line) for line in (tmp_path / "out/scale-a-cluster-1.jsonl").read_text().splitlines()]
    [answer] = [event["text"] for event in events if event["kind"] == "answer"]
    assert "reached" in answer
    assert ("closed" in answer) == can_hold_network()
    assert ("not held" in page) != can_hold_network()
    names = {line.partition("=")[0] for line in answer.splitlines() if "=" in line}
    assert {name for name in names if not name.startswith("GIT_")} == {
        *("PATH", "HOME", "KUBECONFIG"),
        *("PWD", "SHLVL", "_"),  # bash's own
    }


@pytest.mark.thorough
def test_what_a_shell_cannot_be_kept_from_is_said_in_the_report(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("git", "kubectl", "bash", "sed", "env"):
        [found] = [place for one in os.environ["PATH"].split(":") if (place := Path(one) / name).exists()][:1]
        (tools / name).symlink_to(found)
    with model_endpoint([Part("five instances", ("shell", {"command": BY_HAND}), SCALED)]) as endpoint:
        _, page, _ = run(
            tmp_path / "out",
            *("--arm", "shell", "--openai", "a-model", "--url", f"{endpoint.url}/v1"),
            *only("scale-a-cluster"),
            OPENAI_API_KEY="a-key",
            PATH=str(tools),
        )
    assert "- not held: the shell can reach the network" in page


SERVER = """\
import os
from mcp.server import MCPServer
server = MCPServer("any", log_level="WARNING")

@server.tool()
def resources_list(kind: str) -> str:
    "List objects."
    return f"{kind}: {os.path.exists(os.environ['KUBECONFIG'])}"

server.run()
"""


@pytest.mark.thorough
def test_any_server_for_kubernetes_can_be_compared_with_git_beside_it(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    parts = [
        Part("five instances", ("shell", {"command": f"echo ${{KUBECONFIG:-none}}; {BY_HAND}"}), SCALED),
        Part("10Gi", ("resources_list", {"kind": "Cluster"}), REFUSED),
    ]
    with model_endpoint(parts) as endpoint:
        rows, _, _ = run(
            tmp_path / "out",
            *("--arm", "generic", "--server", f"{sys.executable} {script}"),
            *("--openai", "a-model", "--url", f"{endpoint.url}/v1", *only("scale-a-cluster", "shrink-a-volume")),
            OPENAI_API_KEY="a-key",
        )
    assert all(row["passed"] for row in rows.values()), rows
    assert "none" in (tmp_path / "out/scale-a-cluster-1.jsonl").read_text()
    assert "Cluster: True" in (tmp_path / "out/shrink-a-volume-1.jsonl").read_text()


COMMAND = """\
import asyncio, json, sys
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

async def main():
    told = sys.stdin.read()
    assert "five instances" in told
    [server] = json.load(open(sys.argv[1]))["mcpServers"].values()
    parameters = StdioServerParameters(command=server["command"], args=server["args"], env=server["env"])
    async with Client(stdio_client(parameters)) as client:
        done = await client.call_tool("scale_postgres_cluster", {"name": "orders-db", "instances": 5})
    hand_in = {"outcome": "done", "object": "Cluster/shop/orders-db", "field": "spec.instances", "value": 5}
    hand_in["commit"] = done.structured_content["commit"]
    said = f"Done.\\n```json\\n{json.dumps(hand_in)}\\n```"
    print(json.dumps({"result": said, "usage": {"input_tokens": 7, "output_tokens": 3}}))

asyncio.run(main())
"""


def test_a_command_line_that_speaks_mcp_works_on_a_task(tmp_path: Path) -> None:
    script = tmp_path / "agent.py"
    script.write_text(COMMAND)
    rows, page, _ = run(
        tmp_path / "out",
        *("--arm", "gitops-mcp", "--command", f"{sys.executable} {script} {{mcp}}"),
        *only("scale-a-cluster"),
    )
    assert rows["scale-a-cluster"]["passed"], rows
    assert (rows["scale-a-cluster"]["calls"], rows["scale-a-cluster"]["input_tokens"]) == (1, 7)
    events = [json.loads(line) for line in (tmp_path / "out/scale-a-cluster-1.jsonl").read_text().splitlines()]
    assert [event["kind"] for event in events] == ["prompt", "call", "answer", "said"]
    assert "unsafe" in page


@pytest.mark.thorough
def test_what_cannot_be_run_is_no_fault_of_the_agents_and_ends_the_command_with_1(tmp_path: Path) -> None:
    with model_endpoint(PARTS) as endpoint:
        endpoint.faults += [401]
        done = evals(
            *("run", "--out", str(tmp_path / "out"), "--arm", "gitops-mcp", "--anthropic", "a-model"),
            *("--url", endpoint.url, *only("scale-a-cluster")),
            ANTHROPIC_API_KEY="a-key",
        )
    assert done.returncode == 1
    assert "no verdict" in done.stdout
    assert "HTTP 401" in done.stdout
    page = evals("report", str(tmp_path / "out")).stdout
    assert "| passed | 0 of 0 |" in page
    assert "| no verdict | 1 |" in page


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--arm", "gitops-mcp", "--anthropic", "m"), "ANTHROPIC_API_KEY: not set"),
        (("--arm", "generic", "--command", "agent {mcp}"), "--server: the arm `generic` needs it"),
        (("--arm", "shell", "--command", "agent"), "--command: {mcp} has to stand"),
        (("--arm", "shell", "--command", "agent {mcp}", "--only", "nothing"), "--only: there is no task 'nothing'"),
    ],
)
def test_what_is_asked_for_wrongly_is_named(arguments: tuple[str, ...], told: str, tmp_path: Path) -> None:
    done = evals("run", "--out", str(tmp_path / "out"), *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(told)
    assert not (tmp_path / "out").exists()


def test_it_is_a_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "evals", "list"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.split()[0] for line in done.stdout.splitlines()] == [task.id for task in TASKS]


@pytest.mark.thorough
def test_runs_stand_side_by_side_in_one_report(tmp_path: Path) -> None:
    with model_endpoint(PARTS) as endpoint:
        for name in ("one", "two"):
            run(
                tmp_path / name,
                *("--arm", "gitops-mcp", "--anthropic", f"model-{name}", "--url", endpoint.url),
                *only("shrink-a-volume"),
                ANTHROPIC_API_KEY="a-key",
            )
    page = evals("report", str(tmp_path / "one"), str(tmp_path / "two")).stdout
    assert "|  | gitops-mcp, model-one | gitops-mcp, model-two |" in page
    assert "| passed | 1 of 1 | 1 of 1 |" in page

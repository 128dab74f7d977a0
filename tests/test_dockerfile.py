"""The image is not built here; its steps are, in a clean virtual environment, without a network.

Dependencies are taken from the environment that runs the tests, through a .pth file, so that only what the wheel
itself brings is under test: its modules, its data and its command.
"""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
import sysconfig
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from zipfile import ZipFile

import pytest

from gitops_mcp import __version__

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
STEPS = [
    line.split(maxsplit=1)
    for line in re.sub(r"\\\n\s*", "", re.sub(r"(?m)^#.*\n", "", DOCKERFILE)).splitlines()
    if line.strip()
]


def run(*command: str | Path, cwd: Path, home: Path) -> str:
    ran = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={"HOME": str(home), "PATH": "/usr/bin:/bin", "PIP_CONFIG_FILE": "/dev/null"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("wheels")
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation")
    run(*pip, "--wheel-dir", made, ROOT, cwd=made, home=made)
    (found,) = made.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The virtual environment that the image gets, bytecode compiled."""
    made = tmp_path_factory.mktemp("opt") / "gitops-mcp"
    run(sys.executable, "-m", "venv", "--without-pip", made, cwd=made.parent, home=made.parent)
    python = made / "bin" / "python"
    (site,) = made.glob("lib/python*/site-packages")
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index")
    run(*pip, "--no-compile", wheel, cwd=made.parent, home=made.parent)
    compiling = (python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", made / "lib")
    run(*compiling, cwd=made.parent, home=made.parent)
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return made


@pytest.mark.thorough
def test_the_wheel_holds_the_package_its_data_the_template_and_the_licences(wheel: Path) -> None:
    assert wheel.name == f"gitops_mcp-{__version__}-py3-none-any.whl"
    held = set(ZipFile(wheel).namelist())
    modules = {str(file.relative_to(ROOT)) for file in (ROOT / "gitops_mcp").rglob("*.py")}
    crds = {str(file.relative_to(ROOT)) for file in (ROOT / "gitops_mcp" / "crds").glob("*.json.gz")}
    template = {
        f"gitops_mcp/{file.relative_to(ROOT)}" for file in (ROOT / "repo_template").rglob("*") if file.is_file()
    }
    docs = {f"gitops_mcp/{file.relative_to(ROOT)}" for file in (ROOT / "docs").rglob("*.md")}
    assert "gitops_mcp/repo_template/starter/.gitops-mcp.yaml" in template
    assert "gitops_mcp/crds/clusters.json.gz" in crds
    licences = {f"gitops_mcp-{__version__}.dist-info/licenses/{name}" for name in ("LICENSE", "gitops_mcp/crds/NOTICE")}
    assert modules | crds | template | docs | licences | {"gitops_mcp/py.typed", "gitops_mcp/crds/NOTICE"} <= held
    assert not [name for name in held if name.startswith("tests") or name.endswith(".pyc")]


@pytest.mark.thorough
def test_all_of_it_is_compiled(installed: Path) -> None:
    (package,) = installed.glob("lib/python*/site-packages/gitops_mcp")
    modules = sorted(file.relative_to(package) for file in package.rglob("*.py"))
    cached = {file.relative_to(package) for file in package.rglob("__pycache__/*.pyc")}
    tag = sys.implementation.cache_tag
    assert {file.parent / "__pycache__" / f"{file.stem}.{tag}.pyc" for file in modules} == cached


@pytest.mark.thorough
def test_the_command_works_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    command = installed / "bin" / "gitops-mcp"
    (empty := tmp_path / "empty").mkdir()
    assert "usage: gitops-mcp" in run(command, "--help", cwd=empty, home=tmp_path)
    assert "list_postgres_clusters" in run(command, "tools", cwd=empty, home=tmp_path)
    assert '"$schema"' in run(command, "schema", cwd=empty, home=tmp_path)
    where = run(
        installed / "bin" / "python", "-c", "import gitops_mcp; print(gitops_mcp.__file__)", cwd=empty, home=tmp_path
    )
    assert Path(where.strip()).is_relative_to(installed)
    assert list(empty.iterdir()) == []


def test_the_steps_under_test_are_those_of_the_image() -> None:
    ran = " ".join(what for word, what in STEPS if word == "RUN")
    for step in ("pip wheel", "-m venv --without-pip", "--no-compile", "-m compileall -q --invalidation-mode"):
        assert step in ran


def test_the_image_runs_the_command_as_a_numbered_user_who_is_not_root() -> None:
    final = STEPS[max(number for number, (word, _) in enumerate(STEPS) if word == "FROM") :]
    (user,) = [what for word, what in final if word == "USER"]
    assert re.fullmatch(r"[1-9][0-9]*:[1-9][0-9]*", user)
    assert f"--uid {user.partition(':')[0]} " in next(what for word, what in final if word == "RUN")
    assert final[-1] == ["ENTRYPOINT", '["gitops-mcp"]']


def test_the_image_has_git_and_what_reaches_a_remote_and_no_compiler() -> None:
    (packages,) = re.findall(r"apt-get install --yes --no-install-recommends ([a-z0-9 -]+?) &&", str(STEPS))
    assert packages.split() == ["ca-certificates", "git", "openssh-client"]
    assert "--only-binary :all:" in DOCKERFILE
    assert not re.search(r"\b(gcc|g\+\+|clang|build-essential|make|cargo|rustc|[a-z0-9]+-dev)\b", str(STEPS))


def test_the_base_is_one_named_release() -> None:
    bases = [what for word, what in STEPS if word == "FROM"]
    assert bases == ["${BASE} AS build", "${BASE}"]
    assert ["ARG", "BASE=python:3.11-slim-trixie"] in STEPS
    assert "latest" not in DOCKERFILE


def test_no_secret_goes_into_the_image() -> None:
    assert not re.search(r"(?i)token|passw(or)?d=|secret|BEGIN [A-Z ]*PRIVATE KEY|--mount", str(STEPS))
    copied = [what for word, what in STEPS if word in {"COPY", "ADD"}]
    assert copied == [
        "pyproject.toml README.md LICENSE ./",
        "gitops_mcp gitops_mcp",
        "repo_template repo_template",
        "docs docs",
        "--from=build /opt/gitops-mcp /opt/gitops-mcp",
        "deploy/healthcheck.py /usr/local/lib/gitops-mcp/healthcheck.py",
    ]


def test_the_image_holds_what_the_server_needs_over_http_and_for_sops() -> None:
    (extras,) = re.findall(r"\*\.whl\)\[([a-z,]+)\]", DOCKERFILE)
    assert extras == "image"
    with (ROOT / "pyproject.toml").open("rb") as file:
        wanted = tomllib.load(file)["project"]["optional-dependencies"]["image"]
    assert "gitops-mcp[http,otel,sops]" in wanted


def health(command: str, **variables: str) -> int:
    checked: int = runpy.run_path(str(ROOT / "deploy" / "healthcheck.py"))["main"](
        command.replace(" ", "\0").encode() + b"\0", variables
    )
    return checked


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def test_the_healthcheck_asks_a_server_over_http_and_no_other() -> None:
    serve = "/opt/gitops-mcp/bin/python /opt/gitops-mcp/bin/gitops-mcp serve"
    assert health(serve) == 0
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        port = str(server.server_port)
        thread = Thread(target=server.serve_forever)
        thread.start()
        assert health(f"{serve} --transport=http --port={port}") == 0
        assert health(f"{serve} --transport http --port {port}") == 0
        assert health(serve, GITOPS_MCP_TRANSPORT="http", GITOPS_MCP_PORT=port) == 0
        server.shutdown()
        thread.join()
    assert health(f"{serve} --transport=http --port={port}") == 1

"""What bench/places.py prints of every layout of tests/layouts, from HEAD alone: without an API, a configuration, a remote."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from types import ModuleType

import pytest

from tests.adapters.git.conftest import commit_all, git
from tests.charts import marks_of_layout
from tests.recording import compared

ROOT = Path(__file__).parent.parent
FOLDERS = sorted(path.parent for path in (ROOT / "tests" / "layouts").glob("*/case.yaml"))


@pytest.fixture(scope="module")
def places() -> ModuleType:
    spec = importlib.util.spec_from_file_location("places", ROOT / "bench" / "places.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def asked(
    places: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[Path], tuple[int, str]]:
    """The exit code and what was printed."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))

    def ask(checkout: Path) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["places.py", str(checkout)])
        code: int = places.main()
        return code, capsys.readouterr().out

    return ask


def checkout_of(folder: Path, place: Path) -> Path:
    copytree(folder / "before", place)
    git(place.parent, "init", "--quiet", "--initial-branch=main", str(place))
    commit_all(place, "Start")
    return place


@pytest.mark.thorough
@pytest.mark.parametrize("folder", [pytest.param(one, id=one.name, marks=marks_of_layout(one)) for one in FOLDERS])
def test_of_each_layout_the_places_are_told(
    asked: Callable[[Path], tuple[int, str]], folder: Path, tmp_path: Path
) -> None:
    checkout = checkout_of(folder, tmp_path / "fleet")
    _, text = asked(checkout)
    compared(text, f"places/{folder.name}")
    assert git(checkout, "status", "--porcelain") == ""
    assert git(checkout, "branch", "--format=%(refname:short)").split() == ["main"]


def test_a_folder_that_is_no_repository_is_the_error(asked: Callable[[Path], tuple[int, str]], tmp_path: Path) -> None:
    code, text = asked(tmp_path)
    assert code == 1
    assert text.startswith("InvalidRequest: ")

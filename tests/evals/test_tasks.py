"""What each task is worth: its reference passes, doing nothing does not, and whoever does what is unsafe is caught."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.arms import Arm
from evals.judge import judge
from evals.run import run_task
from evals.scene import Scene, set_scene
from evals.scripted import GENERAL_DOERS, Hands, follow
from evals.task import GENERAL, UNSAFE, Check, Task
from evals.tasks import TASKS
from evals.tools import Server, Tools
from evals.transcript import Transcript
from tests.e2e import preloaded

EACH = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)


def _servers(scene: Scene) -> list[Server]:
    """gitops-mcp as in the arm of that name, but forked."""
    environment = {**scene.environment, "KUBECONFIG": str(scene.world.kubeconfig)}
    if scene.world.forge:
        environment |= scene.world.forge.environment
    return [Server(preloaded.command("--repo", str(scene.checkout)), environment)]


ARM = Arm("gitops-mcp", "Your tools are those of gitops-mcp.", _servers)


def test_there_are_forty_and_each_has_a_name_of_its_own() -> None:
    assert len({task.id for task in TASKS}) == len(TASKS) == 40
    assert not [task.id for task in TASKS if not task.unsafe]
    assert GENERAL_DOERS.keys() == GENERAL
    assert GENERAL | {check for task in TASKS for check in task.unsafe if check in UNSAFE} <= UNSAFE


@EACH
def test_the_reference_passes(task: Task, tmp_path: Path) -> None:
    result = run_task(task, ARM, follow(task.reference), tmp_path / "run")
    assert result.faults == []
    assert result.transcript.calls


@EACH
def test_who_does_nothing_fails_and_who_does_what_is_unsafe_is_caught(task: Task, tmp_path: Path) -> None:
    with set_scene(task.ground, tmp_path / "scene") as scene:
        task.prepare(scene)
        scene.begin()
        transcript = Transcript()
        assert {"no-hand-in"} <= _checks(task, scene, transcript) <= {"no-hand-in", "nothing-proposed", "not-deleted"}
        transcript.add("said", "All is done.")
        assert "no-hand-in" in _checks(task, scene, transcript)
        if task.effect.is_any:
            transcript.add("said", task.expected.model_dump_json())
            assert "nothing-proposed" in _checks(task, scene, transcript)
        if task.has_to_go:
            assert "not-deleted" in _checks(task, scene, transcript)
        found = _checks(task, scene, transcript)
        for check, do in GENERAL_DOERS.items():
            assert check not in found
            do(Hands(scene, Tools([], transcript, tmp_path)))
            found = _checks(task, scene, transcript)
            assert check in found


def _checks(task: Task, scene: Scene, transcript: Transcript) -> set[Check]:
    return {fault.check for fault in judge(task, scene, transcript)}


@pytest.mark.parametrize(
    ("task", "check"), [pytest.param(task, check, id=f"{task.id}-{check}") for task in TASKS for check in task.unsafe]
)
def test_what_is_unsafe_on_this_ground_is_caught(task: Task, check: Check, tmp_path: Path) -> None:
    result = run_task(task, ARM, follow(task.unsafe[check]), tmp_path / "run")
    assert check in {fault.check for fault in result.faults}

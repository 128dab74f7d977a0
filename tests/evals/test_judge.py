"""What the judge says of branches that no task of ours leads to."""

from __future__ import annotations

from pathlib import Path

from evals.hand_in import HandIn
from evals.judge import judge
from evals.scene import ORDERS, set_scene
from evals.scripted import Hands
from evals.task import Effect, Task
from evals.tools import Tools
from evals.transcript import Transcript

_POOLER = "Pooler/shop/orders-db-pooler-rw"


def _faults(task: Task, files: dict[str, str], folder: Path) -> list[tuple[str, str]]:
    """Of a branch with these files, once it is handed in."""
    with set_scene(task.ground, folder) as scene:
        scene.begin()
        transcript = Transcript()
        Hands(scene, Tools([], transcript, scene.folder)).push(files)
        transcript.add("said", task.expected.model_dump_json())
        return [(fault.check, fault.text) for fault in judge(task, scene, transcript)]


def _task(effect: Effect) -> Task:
    done = HandIn(outcome="done", object=_POOLER)
    return Task("any", "changing", "", expected=done, reference=lambda _: done, unsafe={}, effect=effect)


def test_an_object_that_nothing_builds_is_not_created(tmp_path: Path) -> None:
    files = {"clusters/prod/shop/orders-db/pooler.yaml": "kind: Pooler\n"}
    faults = _faults(_task(Effect(created={_POOLER: {}})), files, tmp_path / "scene")
    assert faults == [("wrong-change", f"{_POOLER} is not there")]


def test_a_branch_that_cannot_be_built_is_a_fault_of_it(tmp_path: Path) -> None:
    effect = Effect(fields={"Cluster/shop/orders-db": {"spec.instances": 5}}, removed_lines=100)
    [(check, text)] = _faults(_task(effect), {ORDERS: "spec: [\n"}, tmp_path / "scene")
    assert check == "wrong-change"
    assert text.startswith("mine cannot be built: ")

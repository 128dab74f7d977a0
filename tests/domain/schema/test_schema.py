"""A schema made ready, and kept."""

from __future__ import annotations

import threading

from tests.domain.schema.specs import INTEGER, TEXT, listed, obj, of, ruled


def test_the_same_key_gives_the_same_schema_and_old_ones_are_let_go() -> None:
    first = of(INTEGER, key="kept")
    assert of(TEXT, key="kept") is first
    for number in range(40):
        of(TEXT, key=f"another {number}")
    assert of(TEXT, key="kept") is not first


def test_whether_there_are_rules_is_known() -> None:
    assert of(obj(a=listed(ruled(TEXT, "true")))).has_cel
    assert not of(obj(a=listed(TEXT))).has_cel


def test_a_schema_made_in_one_thread_serves_another() -> None:
    schema = of(obj(a=ruled(INTEGER, "self > 0")))
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(len(schema.faults({"spec": {"a": 0}}))))
    thread.start()
    thread.join()
    assert answers == [1]

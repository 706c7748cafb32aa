"""What a turn of the loop costs depends on what changed, not on how many jobs and waiting runs there are."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from benchmarks.turns import KINDS, RATIO_MAX, Loop

FEW, MANY, TURNS = 30, 600, 3


@contextmanager
def counted() -> Iterator[list[int]]:
    """A list whose one number is how many steps of bytecode are made meanwhile: work, whatever else goes on."""
    steps = [0]

    def step(frame: FrameType, event: str, arg: Any) -> Any:
        del arg
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        steps[0] += event == "opcode"
        return step

    before = sys.gettrace()
    # Python 3.12 traces no steps until some frame had asked for them when tracing began.
    sys._getframe().f_trace_opcodes = True  # noqa: SLF001
    sys.settrace(step)
    try:
        yield steps
    finally:
        sys.settrace(before)


def steps_of(loop: Loop) -> int:
    """The steps of some turns, in each of which one run ends and another one starts."""
    loop.turn()  # what is loaded at its first use is loaded
    with counted() as steps:
        for _ in range(TURNS):
            loop.turn()
    return steps[0]


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: " ".join(kind) or "plain")
def test_a_turn_costs_what_changed(kind: Any) -> None:
    """Twenty times as many jobs and waiting runs are at most a fifth more work, where one thing changed."""
    few, many = Loop(FEW, **kind), Loop(MANY, **kind)
    assert len(many.numbers.running) == len(few.numbers.running)
    assert many.scheduler.waiting > MANY - 2 * len(many.numbers.running)
    assert 1_000 < steps_of(many) <= RATIO_MAX * steps_of(few)


def test_work_that_grows_is_seen() -> None:
    """What is counted grows with what is gone through, so that the comparison above can fail."""
    with counted() as few:
        assert sum(number for number in range(30))
    with counted() as many:
        assert sum(number for number in range(600))
    assert many[0] > 10 * few[0]

from __future__ import annotations

import msgspec
import pytest

from engine import errors
from engine.backtest.runs.frames import (
    LENGTH,
    LONGEST_FRAME_BYTES,
    Answer,
    BacktestTask,
    Failed,
    Surroundings,
    Task,
    frame,
    frame_length,
)
from engine.errors import DeskError, InvalidInput, NotFound
from tests.backtest.runs.made_runs import made_request


def every_error(root: type[DeskError] = DeskError) -> list[type[DeskError]]:
    """Return the tree of errors with a code of their own."""
    own = [kind for kind in root.__subclasses__() if kind.__module__ == errors.__name__]
    return [root] + [kind for each in own for kind in every_error(each)]


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.code)
def test_an_error_arrives_as_the_one_it_was(kind: type[DeskError]) -> None:
    sent = frame(Failed.of(kind("cash: -1 is not allowed", field="cash", value="-1")))
    failed = msgspec.msgpack.decode(sent[LENGTH.size :], type=Answer)
    assert isinstance(failed, Failed)
    arrived = failed.error()
    assert (type(arrived), arrived.message) == (kind, "cash: -1 is not allowed")
    assert arrived.details == {"field": "cash", "value": "-1"}


def test_any_other_exception_arrives_as_a_sentence() -> None:
    arrived = Failed.of(ZeroDivisionError("division by zero")).error()
    assert not isinstance(arrived, InvalidInput | NotFound)
    assert arrived.message == "the run broke: ZeroDivisionError: division by zero"


def test_a_task_arrives_as_it_was_sent() -> None:
    task = BacktestTask(made_request(), "/folder", Surroundings(home="/home", scratch="/scratch"))
    sent = frame(task)
    assert frame_length(sent[: LENGTH.size]) == len(sent) - LENGTH.size
    assert msgspec.msgpack.decode(sent[LENGTH.size :], type=Task) == task


def test_a_length_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="a frame of"):
        frame_length(LENGTH.pack(LONGEST_FRAME_BYTES + 1))

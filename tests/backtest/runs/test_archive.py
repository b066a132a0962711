from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.runs.archive import RunArchive, RunFolder
from engine.backtest.sweep.trials import TrialOutcome
from engine.errors import StoreFailed
from engine.model.backtest import ParameterRange, SweepLine, SweepRequest, WalkForward
from tests.backtest.runs.made_runs import made_log, made_request, made_result


def outcome(number: int) -> TrialOutcome:
    line = SweepLine(
        params={"length": number},
        metrics={"sharpe": None},
        total_trades=number,
        final_equity=1.5,
        result_hash=f"{number:032x}",
    )
    return TrialOutcome(part=0, combination=number, line=line)


def keep_trials(folder: RunFolder, numbers: range) -> list[TrialOutcome]:
    with folder.finished_trials() as (finished, keep):
        for number in numbers:
            keep(outcome(number))
    return finished


def test_numbers_count_on_and_no_folder_is_taken_twice(tmp_path: Path) -> None:
    archive = RunArchive(tmp_path)
    assert [archive.create("bt", after).run_id for after in (0, 0, 1)] == ["bt-001", "bt-002", "bt-003"]
    assert archive.create("sw", 0).run_id == "sw-001"
    assert archive.create("bt", 1234).run_id == "bt-1235"


def test_requests_are_read_back_as_they_were(tmp_path: Path) -> None:
    archive = RunArchive(tmp_path)
    backtest, swept = archive.create("bt", 0), archive.create("sw", 0)
    request = made_request()
    sweep = SweepRequest(
        request=request, ranges=(ParameterRange("length", (7, 14)),), walk_forward=WalkForward(splits=3)
    )
    backtest.write_request(request)
    swept.write_request(sweep)
    assert (backtest.request(), swept.sweep_request()) == (request, sweep)
    assert (backtest.is_sweep, swept.is_sweep) == (False, True)


def test_a_result_is_there_only_once_all_of_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = RunArchive(tmp_path).create("bt", 0)
    result = made_result(made_request())
    monkeypatch.setattr(folder, "_write", lambda name, data: pytest.fail(name) if "result" in name else None)
    with pytest.raises(pytest.fail.Exception):
        folder.write_outcome(result, made_log())
    assert not folder.has_result
    monkeypatch.undo()
    folder.write_outcome(result, made_log())
    assert folder.has_result
    assert (folder.result(), folder.trigger_log()) == (result, made_log())
    folder.forget_result()
    assert not folder.has_result


@given(st.data())
def test_a_kill_in_the_middle_of_a_write_costs_that_trial_alone(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = RunArchive(tmp_path_factory.mktemp("home")).create("sw", 0)
    ends = []
    for number in range(3):
        keep_trials(folder, range(number, number + 1))
        ends.append((folder.path / "trials.bin").stat().st_size)
    cut = data.draw(st.integers(0, ends[-1]))
    with (folder.path / "trials.bin").open("r+b") as file:
        file.truncate(cut)
    whole = sum(end <= cut for end in ends)
    assert folder.trials() == [outcome(number) for number in range(whole)]
    assert keep_trials(folder, range(whole, 3)) == [outcome(number) for number in range(whole)]
    assert folder.trials() == [outcome(number) for number in range(3)]


def test_what_cannot_be_read_says_which_file(tmp_path: Path) -> None:
    folder = RunArchive(tmp_path).create("bt", 0)
    (folder.path / "result.msgpack").write_bytes(b"junk")
    with pytest.raises(StoreFailed, match=r"bt-001/result\.msgpack: cannot be read"):
        folder.result()
    with pytest.raises(StoreFailed, match=r"bt-001/triggers\.bin: cannot be read"):
        folder.trigger_log()
    with pytest.raises(StoreFailed, match=r"bt-001/request\.json: cannot be read"):
        folder.request()


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    archive = RunArchive(tmp_path)
    folder = archive.create("bt", 0)
    (folder.fresh_scratch() / "columns").write_bytes(b"x")
    (folder.path / ".result.msgpack.77.tmp").write_bytes(b"x")
    folder.remove_scratch()
    assert list(folder.path.iterdir()) == []
    assert list(folder.fresh_scratch().iterdir()) == []
    archive.remove("bt-001")
    archive.remove("bt-001")
    assert not folder.path.exists()

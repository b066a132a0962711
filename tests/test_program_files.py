"""Programs for people and tools: checked, tried on the recording, kept in a home."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from engine.errors import HomeLocked, InvalidInput
from engine.model.program import Binding, Program
from engine.program_files import check, guide, library, run_once, sample_programs, type_stub
from engine.settings import load_settings

BUYS = "def run(ctx):\n    ctx.buy(ctx.symbols[1], 0.5, reason=ctx.params['why'])\n"


def test_every_sample_is_valid_and_the_guide_and_stub_are_whole() -> None:
    assert all(check(source).ok for source in sample_programs().values())
    assert guide().startswith("# Program Development Guide")
    compile(type_stub(), "nightdesk.pyi", "exec")


async def test_a_source_runs_once_with_its_params_at_a_time_of_the_recording() -> None:
    run = await run_once(BUYS, params={"why": "to see"}, at_ms=1_746_878_400_000)
    (decision,) = run.decisions
    assert (decision.operation, decision.symbol, decision.quantity) == ("buy", "ETH", Decimal("0.5"))
    assert decision.reason == "to see"
    assert run.error is None


@pytest.mark.parametrize("at_ms", [-1, 0, 1_746_372_839_999, 1_750_761_120_000, 2**62])
async def test_a_time_outside_the_recording_is_refused(at_ms: int) -> None:
    with pytest.raises(InvalidInput, match="the recording goes from 2025-05-04 15:34 UTC to 2025-06-24"):
        await run_once(BUYS, at_ms=at_ms)


async def test_what_is_saved_in_a_new_home_is_there_the_next_time(tmp_path: Path) -> None:
    async with library(tmp_path, load_settings(tmp_path)) as desk:
        saved = await desk.programs.save_program(Program(program_id=0, name="mine", code=BUYS))
        binding = Binding(binding_id=0, trader_id=1, program_id=saved.program_id, schedule_seconds=60)
        await desk.programs.save_binding(binding)
        with pytest.raises(HomeLocked):
            async with library(tmp_path, load_settings(tmp_path)):
                pass
        before = desk.programs.programs()
    async with library(tmp_path, load_settings(tmp_path)) as desk:
        assert desk.programs.programs() == before
        assert saved.program_id in [state.binding.program_id for state in desk.programs.bindings()]

"""What the reading tools say of the recorded desk."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from engine.assistants.registry import TOOLS
from engine.assistants.tools import backtests
from engine.assistants.tools.texts import chapter, page
from engine.assistants.tools.tool import ReadTool
from engine.errors import InvalidInput, NotFound
from engine.model.backtest import BacktestStatus
from engine.model.event import Topic
from tests.assistants.small_desk import SmallDesk

READERS = {tool.name: tool for tool in TOOLS if isinstance(tool, ReadTool)}


async def read(name: str, desk: SmallDesk | None = None, /, **arguments: object) -> Any:
    text = await READERS[name].answer((desk or SmallDesk()).seen, msgspec.json.encode(arguments).decode())
    return msgspec.json.decode(text) if text[:1] in "[{" else text


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("list_ai_accounts", {}),
        ("list_programs", {}),
        ("get_execution_log", {}),
        ("get_watchlist", {}),
        ("query_market_data", {"symbol": "BTC", "indicators": ["RSI14"]}),
        ("get_kline_context", {"symbol": "BTC", "count": 5}),
        ("get_indicators_batch", {"symbol": "BTC", "names": ["RSI14"]}),
        ("get_flow", {"symbol": "BTC"}),
        ("get_market_regime", {"symbol": "BTC"}),
        ("query_factors", {}),
        ("query_factors", {"name": "RSI21"}),
        ("get_news", {}),
        ("get_signal_pools", {}),
        ("get_signal_pool_config", {"pool_id": 1}),
        ("get_signal_metrics", {}),
        ("test_condition", {"condition": "rsi14 < 30 on 15m"}),
        ("run_signal_backtest", {"pool_id": 1}),
        ("get_backtest_history", {}),
        ("list_prompts", {}),
        ("get_trader_details", {"trader_id": 1}),
    ],
)
async def test_a_reader_answers_with_json_that_fits_a_result(name: str, arguments: dict[str, object]) -> None:
    answer = await read(name, **arguments)
    assert answer
    assert len(msgspec.json.encode(answer)) < 16_000


async def test_a_source_is_checked_run_and_read_page_by_page() -> None:
    assert (await read("validate_code", code="nosuch()\n"))["errors"][0]["line"] == 1
    assert (await read("validate_code", code="x = 1\n"))["ok"] is True
    run = await read("test_run_code", code="x = 1\n", trader_id=1)
    assert (run["success"], run["printed"]) == (True, "BTC: RSI 24.1 against 28")
    program = SmallDesk().programs.programs()[0]
    text = await read("get_current_code", program_id=program.program_id)
    assert text.startswith(f"{program.name}, version {program.version}\nlines 1 to ")
    assert text.endswith(program.code.splitlines()[-1])
    with pytest.raises(NotFound, match="there is no program 99"):
        await read("get_current_code", program_id=99)


def test_a_long_text_comes_in_pages_that_join_to_the_whole() -> None:
    lines = [f"line {number} " + "x" * 300 for number in range(1, 100)]
    read_lines: list[str] = []
    while len(read_lines) < len(lines):
        head, *shown = page("\n".join(lines), len(read_lines) + 1).split("\n")
        assert sum(map(len, shown)) < 7_000
        read_lines += shown
    assert read_lines == lines
    assert "first_line" not in head
    assert len(page("y" * 20_000, 1)) > 20_000, "a line that is too long alone is still shown"


def test_a_guide_is_read_by_its_headings() -> None:
    guide = "# Guide\nintro\n## The decision\nbuy\n```\n# no heading\n```\n## Limits\nten\n"
    assert chapter(guide, "") == "Ask for one of these sections:\nGuide\nThe decision\nLimits"
    assert chapter(guide, "DECISION") == "## The decision\nbuy\n```\n# no heading\n```"
    with pytest.raises(NotFound, match="Limits"):
        chapter(guide, "moon")


async def test_a_template_is_checked_previewed_and_read() -> None:
    assert (await read("validate_variables", text="{nosuch}"))["unknown"] == ["nosuch"]
    preview = await read("preview_prompt", prompt_id=1, trader_id=2, symbol="ETH")
    assert preview["text"].startswith("Trade ETH.")
    assert (await read("preview_prompt", text="x", trader_id=2))["characters"] == 1
    for both in ({"text": "x", "prompt_id": 1}, {}):
        with pytest.raises(InvalidInput, match="one of them"):
            await read("preview_prompt", trader_id=2, **both)
    assert (await read("list_prompts"))[0]["traders"] == [2]
    names = (await read("get_variables_reference"))["names_by_family"]
    assert names["required"] == ["output_format"]
    assert (await read("get_variables_reference", family="required"))[0]["meaning"] == "how to answer"
    with pytest.raises(NotFound, match="required"):
        await read("get_variables_reference", family="moon")


async def test_a_backtest_is_started_over_the_last_hours_and_waited_for() -> None:
    desk = SmallDesk()
    program = desk.programs.programs()[0]
    arguments = {"hours": 24, "schedule_seconds": 3600, "symbols": ["ETH"]}
    reading = asyncio.create_task(read("run_backtest", desk, program_id=program.program_id, **arguments))
    for _ in range(10):
        await asyncio.sleep(0)
    (_, request) = desk.calls[-1]
    assert (request.source, request.symbols, request.schedule_seconds) == (program.code, ("ETH",), 3600)
    assert request.end_ms - request.start_ms == 24 * 3_600_000
    assert not reading.done()
    run = desk.backtests.change("bt-100", status=BacktestStatus.COMPLETED)
    desk.bus.publish_level(Topic.BACKTESTS, run.run_id, run)
    answer = await reading
    assert (answer["run_id"], answer["status"]) == ("bt-100", "completed")
    assert "metrics" in answer


async def test_a_backtest_that_takes_long_is_read_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtests, "WAITING_SECONDS", 0.0)
    desk = SmallDesk()
    assert "still runs" in (await read("quick_verify_strategy", desk, code="x = 1"))["note"]
    assert (await read("get_backtest_result", desk, run_id="bt-100"))["status"] == "queued"
    with pytest.raises(NotFound, match="bt-999"):
        await read("get_backtest_result", desk, run_id="bt-999")


async def test_what_cannot_be_backtested_is_not_started() -> None:
    desk = SmallDesk()
    with pytest.raises(InvalidInput, match="one of them"):
        await read("run_backtest", desk)
    assert (await read("quick_verify_strategy", desk, code="nosuch()"))["ok"] is False
    assert desk.calls == []


async def test_a_trader_that_cannot_trade_is_diagnosed() -> None:
    desk = SmallDesk()
    desk.recorded.status = msgspec.structs.replace(desk.status, kill_switch=True)
    desk.roster.traders[2] = msgspec.structs.replace(
        desk.roster.traders[2], trading_enabled=False, schedule_seconds=0, pool_ids=(77,)
    )
    findings = " ".join((await read("diagnose_trader_issues", desk, trader_id=2))["findings"])
    assert "kill switch" in findings
    assert "trading is disabled" in findings
    assert "pool 77 is gone" in findings
    assert "manual trader" in (await read("diagnose_trader_issues", desk, trader_id=3))["findings"][-1]
    with pytest.raises(NotFound, match="Oracle"):
        await read("diagnose_trader_issues", desk, trader_id=9)


async def test_a_combination_names_saved_signals() -> None:
    desk = SmallDesk()
    name = desk.signals.definitions()[0].name
    assert "fires_a_day" in await read("predict_signal_combination", desk, signals=[name.upper()])
    with pytest.raises(NotFound, match="moon"):
        await read("predict_signal_combination", desk, signals=["moon"])


async def test_decisions_are_listed_read_and_followed_to_their_profit() -> None:
    desk = SmallDesk()
    asked = {"trader_id": 2, "symbol": "BTC", "operation": "buy", "text": "dip", "before_ms": 5}
    lines = await read("get_decision_list", desk, **asked)
    assert desk.arena.asked == [(2, 5, "BTC", "buy", "dip", 20)]
    identity = lines[0]["decision_id"]
    record = desk.decision_list[0]
    details = await read("get_decision_details", desk, decision_id=identity)
    assert (details["reply"], details["prompt_characters"]) == (record.reply[:1500], len(record.prompt))
    chain = await read("get_trade_decision_chain", desk, decision_id=identity)
    assert (chain["realized_pnl"], len(chain["calls"])) == ("-3.5", 1)
    assert "request" not in chain["calls"][0]
    assert (await read("get_prompt_context", desk, decision_id=identity)).startswith("lines 1 to ")
    with pytest.raises(NotFound):
        await read("get_trade_decision_chain", desk, decision_id="nosuch")


async def test_profit_is_told_apart_over_some_days_or_all() -> None:
    desk = SmallDesk()
    (row,) = await read("get_attribution_summary", desk, dimension="symbol", days=2)
    assert (row["key"], row["pnl"]) == ("default", "-7.25")
    await read("get_attribution_summary", desk)
    two_days_ms = 2 * 86_400_000
    assert desk.arena.asked == [
        ("symbol", None, desk.status.now_ms - two_days_ms),
        ("strategy", None, 0),
    ]
    with pytest.raises(InvalidInput, match="arguments"):
        await read("get_attribution_summary", desk, dimension="moon")

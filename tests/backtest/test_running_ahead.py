"""Asking a program about many triggers at once gives what asking one at a time gives."""

from __future__ import annotations

from collections.abc import Coroutine

import msgspec
import pytest

from engine.backtest import failures, program_asker
from engine.backtest.prepared_run import RunOutcome
from engine.model.instrument import Instrument
from engine.strategies.programs.batch import BatchReply, BatchRequest
from engine.strategies.programs.host import SandboxHost, SandboxLimits
from tests.backtest.made_history import D, at, flat, history, series, settlements, unruled
from tests.backtest.program_runs import assert_the_same, lines, one_at_a_time, run, wild

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVERYTHING = '''
import random


class Strategy:
    """Reads of its account whatever chance says, and does whatever chance says."""

    def init(self, params):
        self.salt = params["salt"]

    def should_trade(self, data):
        random.seed(random.random() + self.salt)
        symbol = random.choice(data.symbols)
        price = data.get_price(symbol)
        told = self.told(data, symbol)
        what = random.random()
        away = price * random.choice([0.98, 0.995, 1.0, 1.005, 1.02])
        words = {"leverage": random.choice([1, 1, 3, 10, 20]), "reason": str(told)[:300]}
        if random.random() < 0.3:
            words["time_in_force"] = random.choice(["Gtc", "Gtc", "Alo"])
        portion = random.choice([0.1, 0.3, 1.0])
        if what < 0.35:
            return Decision("hold", reason=str(told)[:300])
        if what < 0.5:
            return Decision("close", symbol, portion, max_price=price * 1.01, min_price=price * 0.99, **words)
        if what < 0.54:
            return Decision("buy", symbol, portion, leverage=51, max_price=price * 2)
        if what < 0.58:
            return Decision("buy", "DOGE", portion, max_price=price * 2)
        if what < 0.62:
            return Decision("buy", symbol, quantity=1000000.0, max_price=price * 2)
        if what < 0.66:
            raise ValueError("enough of " + str(told)[:100])
        side = random.choice(["buy", "sell"])
        way = 1 if side == "buy" else -1
        if random.random() < 0.5:
            words["stop_loss_price"] = price * (1 - way * random.choice([0.004, 0.01, 0.03]))
        if random.random() < 0.5:
            words["take_profit_price"] = price * (1 + way * random.choice([0.004, 0.01, 0.03]))
        if random.random() < 0.3:
            words["quantity"] = random.choice([1.0, 5.0, 20.0])
            portion = 0.0
        words["max_price" if side == "buy" else "min_price"] = away
        return Decision(side, symbol, portion, **words)

    def told(self, data, symbol):
        told = [sorted((name, each.side) for name, each in data.positions.items())]
        if random.random() < 0.3:
            told.append((data.available_balance, data.used_margin))
        if random.random() < 0.3:
            told.append(data.total_equity)
        if random.random() < 0.3:
            told.append([(each.symbol, each.size, each.price, each.pnl) for each in data.recent_trades[:3]])
        if random.random() < 0.3:
            told.append([(each.order_type, each.side, each.size, each.price) for each in data.open_orders])
        if random.random() < 0.3 and symbol in data.positions:
            held = data.positions[symbol]
            told.append((held.size, held.entry_price, held.unrealized_pnl, held.leverage))
            told.append((held.liquidation_price, held.opened_at, held.holding_duration_seconds))
        return told
'''


@pytest.mark.parametrize("seed", range(6))
async def test_running_ahead_equals_asking_one_trigger_at_a_time(
    monkeypatch: pytest.MonkeyPatch, sandbox: SandboxHost, seed: int
) -> None:
    past = wild(seed)
    changes = {"params": {"salt": seed}, "seed": seed, "slippage": D("0.0005") if seed % 2 else D(0)}
    monkeypatch.setattr(failures, "FAILURE_WINDOW_MS", -1)
    truth = await one_at_a_time(monkeypatch, EVERYTHING, past, sandbox, **changes)
    assert truth.result.program_calls == truth.result.triggers
    assert truth.result.trades
    for sizes in ((16, 8, 8192), (1, 1, 1), (3, 2, 5)):
        for name, size in zip(("FIRST_BATCH", "SMALLEST_BATCH", "LARGEST_BATCH"), sizes, strict=True):
            monkeypatch.setattr(program_asker, name, size)
        assert_the_same(truth, await run(EVERYTHING, past, sandbox, **changes))


REFUSED = """
class Strategy:
    def should_trade(self, data):
        if "BTC" in data.positions:
            return Decision("hold", reason="in")
        return {order}
"""


@pytest.mark.parametrize("size", [1, 2, 7, 16])
@pytest.mark.parametrize(
    "order",
    [
        'Decision("buy", "BTC", quantity=1000000.0, max_price=200.0)',
        'Decision("buy", "BTC", 0.5, leverage=51, max_price=200.0)',
        'Decision("buy", "BTC", 0.5, max_price=50.0)',
        'Decision("buy", "ETH", 0.5, max_price=200.0)',
        'Decision("buy", "BTC", 0.0, max_price=200.0)',
    ],
    ids=[
        "insufficient margin",
        "leverage above the limit",
        "guard not met",
        "symbol not in the run",
        "no size",
    ],
)
async def test_a_program_is_never_told_of_a_position_its_refused_order_did_not_open(
    monkeypatch: pytest.MonkeyPatch, sandbox: SandboxHost, order: str, size: int
) -> None:
    past = history({"BTC": series(flat(100, 20))})
    for name in ("FIRST_BATCH", "SMALLEST_BATCH", "LARGEST_BATCH"):
        monkeypatch.setattr(program_asker, name, size)
    monkeypatch.setattr(failures, "FAILURE_WINDOW_MS", -1)
    outcome = await run(REFUSED.format(order=order), past, sandbox)
    assert [line.reason for line in lines(outcome)] == [""] * 20
    assert not outcome.result.trades


@pytest.mark.parametrize(
    "order",
    [
        'Decision("buy", "BTC", 0.5, max_price=price * 1.01)',
        'Decision("buy", "BTC", 0.5, max_price=price * 0.999)',
        'Decision("sell", "BTC", 0.5, min_price=price * 0.99, stop_loss_price=price * 1.05)',
    ],
    ids=["less than a lot", "guard not met", "less than a lot, with a stop"],
)
async def test_an_order_that_is_refused_again_and_again_does_not_end_the_running_ahead(
    monkeypatch: pytest.MonkeyPatch, sandbox: SandboxHost, order: str
) -> None:
    past = history({"BTC": series(flat(100, 3000))}, instruments=in_lots("1"))
    source = REFUSED.replace("return {order}", f"price = data.get_price('BTC')\n        return {order}")
    changes = {"cash": D(10)}
    truth = await one_at_a_time(monkeypatch, source, past, sandbox, **changes)
    batches = await batches_of(monkeypatch, sandbox, run(source, past, sandbox, **changes), truth)
    assert batches < 25


FIRST_TOO_LITTLE = """
class Strategy:
    def should_trade(self, data):
        minute = (data.now_ms - START) // 60000
        told = f"{sorted(data.positions)} {data.available_balance if minute % 97 == 0 else 0:.6f}"
        price = data.get_price("BTC")
        if minute % 3 == 0:
            return Decision("buy", "BTC", 1.0, leverage=1, max_price=price * 1.01, reason=told)
        if minute % 50 == 49:
            return Decision("close", "BTC", 1.0, min_price=price * 0.5, reason=told)
        return Decision("hold", reason=told)
"""


async def test_an_order_that_comes_to_have_an_effect_is_seen_at_once(
    monkeypatch: pytest.MonkeyPatch, sandbox: SandboxHost
) -> None:
    prices = [flat(100 + 40 * (minute // 120 % 2), 1)[0] for minute in range(1200)]
    past = history({"BTC": series(prices)}, instruments=in_lots("0.09"))
    source = FIRST_TOO_LITTLE.replace("START", str(at(0)))
    truth = await one_at_a_time(monkeypatch, source, past, sandbox, cash=D(10))
    assert truth.result.trades
    assert_the_same(truth, await run(source, past, sandbox, cash=D(10)))


def in_lots(lot: str) -> dict[str, Instrument]:
    return {"BTC": msgspec.structs.replace(unruled("BTC"), lot_size=D(lot), min_quantity=D(lot))}


async def batches_of(
    monkeypatch: pytest.MonkeyPatch,
    sandbox: SandboxHost,
    running: Coroutine[object, object, RunOutcome],
    truth: RunOutcome,
) -> int:
    """Run, compare with the truth, and return how many batches it took."""
    asked = 0
    run_batch = sandbox.run_batch

    async def counted(request: BatchRequest, limits: SandboxLimits) -> BatchReply:
        nonlocal asked
        asked += 1
        return await run_batch(request, limits)

    with monkeypatch.context() as patch:
        patch.setattr(sandbox, "run_batch", counted)
        assert_the_same(truth, await running)
    return asked


BOOKS_READER = """
class Strategy:
    def should_trade(self, data):
        told = f"{data.total_equity:.4f} {data.available_balance:.4f} {len(data.open_orders)}"
        if data.get_price("BTC") == 100 and not data.positions and data.now_ms < START:
            return Decision("buy", "BTC", 0.5, max_price=200.0, reason=told)
        return Decision("hold", reason=told)
"""


async def test_a_program_that_only_reads_sees_funding_in_every_batch(
    monkeypatch: pytest.MonkeyPatch, sandbox: SandboxHost
) -> None:
    past = history(
        {"BTC": series(flat(100, 60))}, funding={"BTC": settlements(*((at(m), 0.001) for m in (7, 30, 50)))}
    )
    source = BOOKS_READER.replace("START", str(at(1)))
    truth = await one_at_a_time(monkeypatch, source, past, sandbox)
    assert len({line.reason for line in lines(truth)}) == 5
    for first in (1, 2, 4, 16):
        monkeypatch.setattr(program_asker, "FIRST_BATCH", first)
        assert_the_same(truth, await run(source, past, sandbox))


RESTING = """
class Strategy:
    def should_trade(self, data):
        held = data.positions.get("BTC")
        told = f"{0 if held is None else held.size} {len(data.open_orders)}"
        if data.now_ms == START:
            return Decision("buy", "BTC", quantity=1.0, max_price=200.0, reason=told)
        if data.now_ms == START + 60000:
            return Decision("buy", "BTC", quantity=2.0, max_price=95.0, time_in_force="Gtc", reason=told)
        return Decision("hold", reason=told)
"""


async def test_a_program_sees_a_resting_order_that_adds_to_its_position(
    monkeypatch: pytest.MonkeyPatch, sandbox: SandboxHost
) -> None:
    past = history({"BTC": series([*flat(100, 40), (100, 100, 90, 100), *flat(100, 20)])})
    source = RESTING.replace("START", str(at(0)))
    for first in (1, 2, 4, 16):
        monkeypatch.setattr(program_asker, "FIRST_BATCH", first)
        told = [line.reason for line in lines(await run(source, past, sandbox)) if line.kind == "scheduled"]
        assert told == ["0 0", "1.0 0", *["1.0 1"] * 39, *["3.0 0"] * 20]

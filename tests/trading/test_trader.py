"""One trader's runtime: whatever its strategy does stays its own; nothing trades on a bad answer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from decimal import Decimal

import msgspec
import pytest

from engine.errors import ReplyUnusable, StrategyFailed
from engine.model.account import TraderStatus
from engine.model.decision import Decision, DecisionRecord, DecisionStatus, Operation
from engine.model.event import DecisionEvent, Topic
from engine.model.trigger import Trigger, TriggerKind
from engine.strategies.base import StrategyReply, TextListener
from engine.strategies.context import StrategyContext
from tests.trading.one_trader import START_MS, OneTrader

BUY = Decision(
    operation=Operation.BUY,
    symbol="BTC",
    portion=Decimal("0.1"),
    leverage=2,
    max_price=Decimal(60_100),
    stop_loss=Decimal(59_000),
    take_profit=Decimal(62_000),
    reason="because",
)


class Saying:
    """A strategy that answers what it is told to."""

    def __init__(self, answer: Callable[[], Coroutine[None, None, tuple[Decision, ...]]]) -> None:
        self._answer = answer
        self.seen: list[StrategyContext] = []

    async def decide(self, context: StrategyContext, on_text: TextListener) -> StrategyReply:
        self.seen.append(context)
        on_text("thinking ")
        on_text("aloud")
        return StrategyReply(decisions=await self._answer())


def saying(*decisions: Decision) -> Saying:
    async def answer() -> tuple[Decision, ...]:
        return decisions

    return Saying(answer)


def raising(error: Exception) -> Saying:
    async def answer() -> tuple[Decision, ...]:
        raise error

    return Saying(answer)


def trigger(symbol: str = "BTC", kind: TriggerKind = TriggerKind.MANUAL) -> Trigger:
    return Trigger(kind=kind, symbol=symbol, ts_ms=START_MS)


class News:
    """What a trader says of its decisions; several ends may come at once, and none is lost."""

    def __init__(self, one: OneTrader) -> None:
        self._subscription = one.bus.subscribe([Topic.DECISIONS])
        self.ended: deque[DecisionRecord] = deque()

    async def read(self) -> None:
        batch = await anext(self._subscription)
        self.ended += (
            edge.record
            for edge in batch.edges
            if isinstance(edge, DecisionEvent) and edge.record.status is not DecisionStatus.STARTED
        )


@asynccontextmanager
async def running(one: OneTrader, strategy: Saying) -> AsyncIterator[News]:
    one.decider.attach(strategy)
    news = News(one)
    task = asyncio.create_task(one.decider.run())
    try:
        yield news
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def next_end(news: News) -> DecisionRecord:
    """Return the next decision that came to its end."""
    while not news.ended:
        await news.read()
    return news.ended.popleft()


async def test_a_decision_becomes_a_protected_position(one: OneTrader) -> None:
    async with running(one, saying(BUY)) as news:
        one.decider.wake(trigger())
        record = await next_end(news)
    assert record.status is DecisionStatus.EXECUTED
    assert record.reasoning == "thinking aloud"
    position = one.books.positions["BTC"]
    # A tenth of 10,000 at 2x, less the reserved fee, rounded down to the lot.
    assert position.quantity == Decimal("0.033")
    assert {order.trigger_price for order in one.books.open_orders.values()} == {
        BUY.stop_loss,
        BUY.take_profit,
    }
    await one.ledger.written()
    stored = await one.store.decisions()
    assert stored[-1].outcome == record.outcome


async def test_holding_is_recorded_and_does_nothing(one: OneTrader) -> None:
    async with running(one, saying(Decision(operation=Operation.HOLD, reason="quiet"))) as news:
        one.decider.wake(trigger())
        assert (await next_end(news)).status is DecisionStatus.HELD
    assert one.line.sent == []


async def test_closing_what_is_flat_already_is_no_fault(one: OneTrader) -> None:
    close = Decision(operation=Operation.CLOSE, symbol="BTC", portion=Decimal(1))
    async with running(one, saying(close)) as news:
        one.decider.wake(trigger())
        record = await next_end(news)
    assert record.status is DecisionStatus.HELD
    assert record.outcome == "BTC is flat already"


@pytest.mark.parametrize(
    "decision",
    [
        Decision(operation=Operation.BUY, symbol="DOGE", portion=Decimal("0.1"), max_price=Decimal(1)),
        Decision(operation=Operation.BUY, symbol="BTC", portion=Decimal("0.1"), leverage=2),
        Decision(
            operation=Operation.BUY,
            symbol="BTC",
            portion=Decimal("0.1"),
            leverage=50,
            max_price=Decimal(60_100),
        ),
        Decision(
            operation=Operation.BUY,
            symbol="BTC",
            portion=Decimal("0.0001"),
            leverage=1,
            max_price=Decimal(60_100),
        ),
    ],
)
async def test_a_decision_that_cannot_be_carried_out_says_why_and_changes_nothing(
    one: OneTrader, decision: Decision
) -> None:
    async with running(one, saying(decision)) as news:
        one.decider.wake(trigger())
        record = await next_end(news)
    assert record.status is DecisionStatus.REFUSED
    assert "refused: " in record.outcome
    assert one.line.sent == []
    assert one.runtime.status is TraderStatus.ACTIVE


@pytest.mark.parametrize(
    "error",
    [
        StrategyFailed("it took longer than 1 s"),
        ReplyUnusable("prose"),
        ZeroDivisionError("division by zero"),
        RecursionError(),
    ],
)
async def test_a_failure_puts_the_trader_into_error_and_a_success_brings_it_back(
    one: OneTrader, error: Exception
) -> None:
    async with running(one, raising(error)) as news:
        one.decider.wake(trigger())
        assert (await next_end(news)).status is DecisionStatus.FAILED
        assert one.runtime.status.value == "error"
        assert one.runtime.listens
        one.decider.attach(saying())
        one.decider.wake(trigger())
        await next_end(news)
    assert one.runtime.status.value == "active"


async def test_repeated_failures_stop_the_trader_until_a_person_starts_it(one: OneTrader) -> None:
    async with running(one, raising(StrategyFailed("no"))) as news:
        for _ in range(3):
            one.decider.wake(trigger())
            await next_end(news)
        assert not one.runtime.listens
        one.runtime.start()
        assert one.runtime.listens
        assert one.runtime.status is TraderStatus.ACTIVE


async def test_triggers_that_arrive_while_deciding_wait_and_do_not_pile_up(one: OneTrader) -> None:
    gate = asyncio.Event()

    async def answer() -> tuple[Decision, ...]:
        await gate.wait()
        return ()

    strategy = Saying(answer)
    async with running(one, strategy) as news:
        for symbol in ("BTC", "ETH", "ETH", "ETH", "SOL"):
            one.decider.wake(trigger(symbol))
            await asyncio.sleep(0)
        gate.set()
        for _ in range(3):
            await next_end(news)
    assert [context.trigger.symbol for context in strategy.seen] == ["BTC", "ETH", "SOL"]


async def test_a_signal_that_comes_while_the_trader_thinks_is_refused_with_the_reason(one: OneTrader) -> None:
    gate = asyncio.Event()

    async def answer() -> tuple[Decision, ...]:
        await gate.wait()
        return ()

    strategy = Saying(answer)
    async with running(one, strategy) as news:
        assert one.decider.wake(trigger(kind=TriggerKind.SIGNAL)) == ""
        assert one.decider.wake(trigger("ETH", TriggerKind.SIGNAL)) == "another trigger came first"
        await news.read()
        assert one.decider.wake(trigger("ETH", TriggerKind.SIGNAL)) == "still deciding (d1-1)"
        one.runtime.pause()
        assert one.decider.wake(trigger("ETH", TriggerKind.SIGNAL)) == "the trader is paused"
        gate.set()
        await next_end(news)
    assert [context.trigger.symbol for context in strategy.seen] == ["BTC"]


async def test_a_signal_that_waits_when_the_trader_is_paused_or_fails_is_given_up_with_the_reason(
    one: OneTrader,
) -> None:
    signal = trigger(kind=TriggerKind.SIGNAL)
    assert one.decider.wake(signal) == ""
    one.runtime.pause()
    assert one.answers.dropped == [(signal, "the trader was paused before it began to decide")]
    one.runtime.start()
    assert one.decider.wake(signal) == ""
    one.decider.fail(StrategyFailed("no sandbox"))
    assert one.answers.dropped[1:] == [(signal, "the strategy cannot be had")]
    assert one.runtime.status is TraderStatus.ERROR
    assert one.decider.wake(signal) == "stopped until a person starts the trader"


async def test_a_signal_goes_before_a_schedule_that_waits_too(one: OneTrader) -> None:
    strategy = saying()
    async with running(one, strategy) as news:
        one.decider.wake(trigger("", TriggerKind.SCHEDULED))
        assert one.decider.wake(trigger("ETH", TriggerKind.SIGNAL)) == ""
        await next_end(news)
    assert [context.trigger.kind for context in strategy.seen] == [TriggerKind.SIGNAL]


async def test_a_decision_that_arrives_after_the_pause_is_discarded(one: OneTrader) -> None:
    gate = asyncio.Event()

    async def answer() -> tuple[Decision, ...]:
        await gate.wait()
        return (BUY,)

    async with running(one, Saying(answer)) as news:
        one.decider.wake(trigger())
        await news.read()
        one.runtime.pause()
        gate.set()
        record = await next_end(news)
    assert record.status is DecisionStatus.REFUSED
    assert one.line.sent == []


async def test_a_pause_in_the_middle_of_several_orders_stops_the_rest(one: OneTrader) -> None:
    others = [
        msgspec.structs.replace(BUY, symbol=symbol, max_price=price, stop_loss=None, take_profit=None)
        for symbol, price in (("ETH", Decimal(3_010)), ("SOL", Decimal(151)))
    ]
    async with running(one, saying(BUY, *others)) as news:
        orders = one.bus.subscribe([Topic.ORDERS])
        one.decider.wake(trigger())
        await anext(orders)
        one.runtime.pause()
        one.runtime.start()
        record = await next_end(news)
    assert "ETH refused" in record.outcome
    assert set(one.books.positions) <= {"BTC"}


async def test_a_disk_that_refuses_is_not_the_strategys_failure(one: OneTrader) -> None:
    async with running(one, saying(BUY)) as news:
        one.store.close()
        for _ in range(4):
            one.decider.wake(trigger())
            assert (await next_end(news)).status is DecisionStatus.REFUSED
    assert one.runtime.status is TraderStatus.ACTIVE
    assert one.runtime.listens


async def test_stopping_the_desk_while_deciding_leaves_a_finished_record(one: OneTrader) -> None:
    async def answer() -> tuple[Decision, ...]:
        await asyncio.Event().wait()
        return ()

    async with running(one, Saying(answer)) as news:
        one.decider.wake(trigger())
        await news.read()
    await one.ledger.written()
    (record,) = await one.store.decisions()
    assert record.status is DecisionStatus.FAILED
    assert "stopped" in record.outcome

"""An `ArenaDesk` over traders and trades written down here; a strategy has a name that looks like markup."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from engine.errors import NotFound
from engine.model.arena import AttributionRow, DecisionStory, Dimension, Standing
from engine.model.decision import Decision, DecisionRecord, DecisionStatus, Operation
from engine.model.trigger import Trigger, TriggerKind
from tests.tui.recorded_stories import stories_of


def _standing(rank: int, trader_id: int, name: str, equity: str, return_pct: float, model: str) -> Standing:
    return Standing(
        rank=rank,
        trader_id=trader_id,
        name=name,
        strategy="[/foo]",
        model=model,
        equity=Decimal(equity),
        return_pct=return_pct,
        max_drawdown_pct=3.25,
        sharpe=1.42 if rank == 1 else None,
        trades=12 // rank,
        win_rate=0.5,
        fees=Decimal("18.40"),
        decisions=120,
        refused=3,
        failed=rank - 1,
        tokens=48_210,
        cost_usd=Decimal("0.42"),
    )


STANDINGS = (
    _standing(1, 2, "Momentum", "10412.50", 4.125, "gpt-5-mini"),
    _standing(2, 1, "Rules", "9985.00", -0.15, ""),
)


_FIRST_MS = 1_772_280_000_000
OLDER_DECISIONS = tuple(
    DecisionRecord(
        decision_id=f"past-{number}",
        trader_id=1 + number % 2,
        trigger=Trigger(kind=TriggerKind.SCHEDULED, symbol="[/foo]", ts_ms=_FIRST_MS + number * 600_000),
        started_ms=_FIRST_MS + number * 600_000,
        status=DecisionStatus.HELD,
        decisions=(Decision(operation=Operation.HOLD, symbol="[/foo]", reason=f"Quiet hour {number}."),),
        reasoning=f"Hour {number}: nothing moves, so nothing is done.",
        prompt=f"It is hour {number}. [/foo] stands at 1.0{number % 10}.",
    )
    for number in range(80)
)
"""What was decided before what the desk still has in memory; it is read through `chat`."""


class RecordedArena:
    """Answers every dimension with two rows that name it; `note` keeps what was asked."""

    def __init__(
        self,
        note: Callable[..., None],
        decisions: Callable[[], tuple[DecisionRecord, ...]],
    ) -> None:
        self._note: Callable[..., None] = note
        self._decisions = decisions
        self.standing_list = STANDINGS

    async def chat(
        self,
        *,
        trader_id: int | None = None,
        before_ms: int | None = None,
        symbol: str = "",
        operation: str = "",
        text: str = "",
        limit: int = 60,
    ) -> tuple[DecisionRecord, ...]:
        self._note("chat", trader_id, before_ms, text)
        found = [
            record
            for record in (*OLDER_DECISIONS, *self._decisions())
            if trader_id in (None, record.trader_id)
            and (before_ms is None or record.started_ms < before_ms)
            and text.lower() in f"{record.prompt} {record.reasoning} {record.outcome}".lower()
            and symbol in ("", record.trigger.symbol, *(each.symbol for each in record.decisions))
            and operation in ("", *(each.operation.value for each in record.decisions))
        ]
        return tuple(found[-limit:])

    async def story(self, decision_id: str) -> DecisionStory:
        story = stories_of((*OLDER_DECISIONS, *self._decisions())).get(decision_id)
        if story is None:
            raise NotFound(f"decision: there is no {decision_id}", field="decision_id")
        return story

    def standings(self) -> tuple[Standing, ...]:
        return self.standing_list

    async def attribution(
        self, dimension: Dimension, *, trader_id: int | None = None, since_ms: int = 0
    ) -> tuple[AttributionRow, ...]:
        self._note("attribution", dimension, trader_id)
        return (
            AttributionRow(
                key=f"{dimension.value} [/foo]",
                decisions=40,
                trades=9,
                wins=6,
                pnl=Decimal("412.50"),
                fees=Decimal("12.10"),
                win_rate=2 / 3,
                profit_factor=2.4,
                average_win=Decimal("110.20"),
                average_loss=Decimal("-41.00"),
                tokens=30_100,
                cost_usd=Decimal("0.31"),
            ),
            AttributionRow(key=f"{dimension.value} two", decisions=4, pnl=Decimal("-15.00")),
        )

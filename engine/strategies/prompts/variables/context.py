"""Variables of the moment: what a reply must be, why the trader wakes, and how long it has traded."""

from __future__ import annotations

from engine.market.periods import MINUTE_MS
from engine.model.prompt import VariableFamily
from engine.model.trigger import TriggerKind
from engine.strategies.decision import MAX_REASON
from engine.strategies.prompts.variables.row import Holes, VariableRow
from engine.strategies.prompts.variables.wording import money, number, span, utc
from engine.strategies.prompts.view import PromptView


def _output_format(view: PromptView, _holes: Holes) -> str:
    trader = view.context.trader
    return f"""Answer with one JSON object and nothing else: no markdown, no text before or after it.
{{"decisions": [{{"operation": ..., "symbol": ..., ...}}]}}
One entry per symbol at most. The fields of an entry, numbers as JSON numbers:
- operation: "buy" (open or add to a long), "sell" (open or add to a short), "close" or "hold"
- symbol: one of {", ".join(trader.symbols)}
- target_portion_of_balance: above 0 up to 1; for buy and sell the share of the available cash used
  as margin, for close the share of the position
- leverage: integer from 1 to {trader.limits.max_leverage}; for buy and sell
- max_price: highest price to pay; for buy, and for closing a short
- min_price: lowest price to accept; for sell, and for closing a long
- take_profit_price, stop_loss_price: optional, for buy and sell; a long needs take profit above and
  stop loss below its entry, a short the other way round
- time_in_force: optional; "Ioc" (default), "Gtc" or "Alo"
- reason: one or two sentences, at most {MAX_REASON} characters
- trading_strategy: a few words
hold needs operation, symbol and reason only. A reply that breaks one of these rules does not trade."""


def _trigger_context(view: PromptView, _holes: Holes) -> str:
    context, trigger = view.context, view.context.trigger
    lines = [f"trigger_type: {trigger.kind}", f"time: {utc(trigger.ts_ms)}"]
    lines.append(f"symbol: {trigger.symbol or 'all'}")
    if trigger.kind is TriggerKind.SCHEDULED:
        lines.append(f"interval_seconds: {context.trader.schedule_seconds}")
    if trigger.signal:
        lines.append(f"signal: {trigger.signal}")
    if trigger.signals:
        lines.append(f"logic: {trigger.logic}")
    lines += [
        f"- {fired.name or fired.condition}: {fired.condition}, now {number(fired.value)}"
        for fired in trigger.signals
    ]
    if trigger.detail:
        lines.append(f"detail: {trigger.detail}")
    return "\n".join(lines)


def _runtime_minutes(view: PromptView, _holes: Holes) -> str | None:
    return str(_runtime_ms(view) // MINUTE_MS) if view.started_ms else None


def _total_return(view: PromptView, _holes: Holes) -> str | None:
    start = view.context.trader.initial_capital
    return f"{(view.context.account.equity / start - 1) * 100:+.2f}" if start else None


def _session_context(view: PromptView, holes: Holes) -> str:
    account, trader = view.context.account, view.context.trader
    lines = [f"time: {utc(view.context.now_ms)} UTC"]
    if view.started_ms:
        lines.append(f"trading since: {utc(view.started_ms)} UTC ({span(_runtime_ms(view))})")
    lines.append(f"equity: {money(account.equity)}, started with {money(trader.initial_capital)}")
    if (total := _total_return(view, holes)) is not None:
        lines.append(f"return: {total} %, today {account.day_pnl:+.2f}")
    return "\n".join(lines)


def _runtime_ms(view: PromptView) -> int:
    return max(0, view.context.now_ms - view.started_ms)


ROWS = (
    VariableRow(
        pattern="output_format",
        family=VariableFamily.REQUIRED,
        meaning="The JSON a reply must be; a model that is not told cannot trade.",
        render=_output_format,
    ),
    VariableRow(
        pattern="trigger_context",
        family=VariableFamily.TRIGGER,
        meaning=(
            "Why the trader wakes: signal, schedule or by hand, with symbol and time; of a signal also the"
            " pool, its logic and what was met, of a schedule the interval in seconds."
        ),
        render=_trigger_context,
        documented=True,
    ),
    VariableRow(
        pattern="symbol",
        family=VariableFamily.TRIGGER,
        meaning="The symbol the trader wakes for; `all` when it is every one of its symbols.",
        render=lambda view, _: view.context.trigger.symbol or "all",
    ),
    VariableRow(
        pattern="runtime_minutes",
        family=VariableFamily.SESSION,
        meaning="Minutes of market time since the trader began.",
        render=_runtime_minutes,
    ),
    VariableRow(
        pattern="current_time_utc",
        family=VariableFamily.SESSION,
        meaning="The market's time, UTC.",
        render=lambda view, _: utc(view.context.now_ms),
    ),
    VariableRow(
        pattern="total_return_percent",
        family=VariableFamily.SESSION,
        meaning="Equity against the initial capital, in percent with its sign.",
        render=_total_return,
    ),
    VariableRow(
        pattern="session_context",
        family=VariableFamily.SESSION,
        meaning="Time, since when the trader trades, equity, return and today's profit, in a few lines.",
        render=_session_context,
    ),
)

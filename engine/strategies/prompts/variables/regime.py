"""Variables of the market regime: four words for a glance, seven classes behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.model.prompt import VariableFamily
from engine.model.regime import CoarseRegime
from engine.model.trigger import TriggerKind
from engine.strategies.programs.batch import DataQuery
from engine.strategies.prompts.variables.answers import last_number, text_of
from engine.strategies.prompts.variables.row import MONTH, Holes, VariableRow
from engine.strategies.prompts.variables.wording import NOT_AVAILABLE
from engine.strategies.prompts.view import PromptView

if TYPE_CHECKING:
    from engine.strategies.context import StrategyContext

_DESCRIPTION = """trending: the price moves and takers push it on (classes breakout, continuation)
ranging: it moves without going anywhere, or large orders hold it (classes absorption, noise)
calm: the same with a small range
volatile: it is thrown about, or a move fails (classes stop_hunt, trap, exhaustion)
unknown: what is needed to tell is missing
bullish, bearish and neutral say which way most of the signs point, confidence how clearly."""


def _query(context: StrategyContext, symbol: str, period: str = "") -> tuple[DataQuery, ...]:
    wanted = period or context.trader.period
    return () if wanted == MONTH else (DataQuery("regime", symbol, period=wanted),)


def _regime(view: PromptView, symbol: str, period: str = "") -> str | None:
    for query in _query(view.context, symbol, period):
        answer = view.answer(query)
        if answer is None or (coarse := text_of(answer, "coarse")) in (None, CoarseRegime.UNKNOWN):
            return None
        told = f"{coarse} ({text_of(answer, 'regime')}), {text_of(answer, 'direction')}"
        if (confidence := last_number(answer, "conf")) is not None:
            told += f", confidence {confidence:.0%}"
        reason = text_of(answer, "reason")
        return f"{told}: {reason}" if reason else told
    return None


def _of_all(view: PromptView, holes: Holes) -> str | None:
    found = {symbol: _regime(view, symbol, holes.get("PERIOD", "")) for symbol in view.context.trader.symbols}
    if not any(found.values()):
        return None
    return "\n".join(f"{symbol}: {regime or NOT_AVAILABLE}" for symbol, regime in found.items())


def _queries_of_all(context: StrategyContext, holes: Holes) -> tuple[DataQuery, ...]:
    return tuple(
        query
        for symbol in context.trader.symbols
        for query in _query(context, symbol, holes.get("PERIOD", ""))
    )


def _of_symbol(view: PromptView, holes: Holes) -> str | None:
    return _regime(view, holes["SYMBOL"], holes.get("PERIOD", ""))


def _queries_of_symbol(context: StrategyContext, holes: Holes) -> tuple[DataQuery, ...]:
    return _query(context, holes["SYMBOL"], holes.get("PERIOD", ""))


def _at_trigger(view: PromptView, _holes: Holes) -> str | None:
    return _regime(view, view.context.trigger.symbol) if _has_regime(view.context) else None


def _queries_at_trigger(context: StrategyContext, _holes: Holes) -> tuple[DataQuery, ...]:
    return _query(context, context.trigger.symbol) if _has_regime(context) else ()


def _has_regime(context: StrategyContext) -> bool:
    return context.trigger.kind is not TriggerKind.SCHEDULED and bool(context.trigger.symbol)


ROWS = (
    VariableRow(
        pattern="market_regime",
        family=VariableFamily.REGIME,
        meaning=(
            "For every symbol: trending, ranging, volatile or calm, the class behind the word, its direction"
            " and why; of the trader's period. Breakout and continuation are trending, absorption and"
            " noise ranging or, in a small range, calm, and stop_hunt, trap and exhaustion volatile."
        ),
        render=_of_all,
        queries=_queries_of_all,
        documented=True,
    ),
    VariableRow(
        pattern="market_regime_<PERIOD>",
        family=VariableFamily.REGIME,
        meaning="The same for another period.",
        render=_of_all,
        queries=_queries_of_all,
    ),
    VariableRow(
        pattern="<SYMBOL>_market_regime",
        family=VariableFamily.REGIME,
        meaning="The regime of one symbol, of the trader's period.",
        render=_of_symbol,
        queries=_queries_of_symbol,
    ),
    VariableRow(
        pattern="<SYMBOL>_market_regime_<PERIOD>",
        family=VariableFamily.REGIME,
        meaning="The regime of one symbol for another period.",
        render=_of_symbol,
        queries=_queries_of_symbol,
    ),
    VariableRow(
        pattern="market_regime_description",
        family=VariableFamily.REGIME,
        meaning="What the words for regimes mean.",
        render=lambda _view, _holes: _DESCRIPTION,
    ),
    VariableRow(
        pattern="trigger_market_regime",
        family=VariableFamily.TRIGGER,
        meaning="The regime of the symbol the trader wakes for, at that moment; N/A for a schedule.",
        render=_at_trigger,
        queries=_queries_at_trigger,
    ),
)

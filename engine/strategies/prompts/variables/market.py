"""Variables of the market of all the trader's symbols."""

from __future__ import annotations

from engine.model.prompt import VariableFamily
from engine.strategies.prompts.market_block import market_block, render_market_block
from engine.strategies.prompts.variables.row import Holes, VariableRow
from engine.strategies.prompts.variables.wording import (
    CANDLE_HEADING,
    candle_line,
    lines_or_none,
    per_symbol,
    percent,
)
from engine.strategies.prompts.view import PromptView

_SAMPLES = 20
_CANDLES = 30


def _market_prices(view: PromptView, _holes: Holes) -> str:
    return per_symbol(
        view.context,
        lambda item: f"bid {item.bid}, ask {item.ask}, mark {item.mark}, 24h {percent(item.change_24h)}",
    )


def _sampling_data(view: PromptView, _holes: Holes) -> str:
    return per_symbol(
        view.context, lambda item: ", ".join(f"{candle.close:.10g}" for candle in item.candles[-_SAMPLES:])
    )


def _kline_data(view: PromptView, _holes: Holes) -> str:
    return lines_or_none(
        "\n".join(
            [
                f"{item.symbol} {view.context.trader.period} {CANDLE_HEADING}",
                *(
                    candle_line(
                        candle.open_ms, candle.open, candle.high, candle.low, candle.close, candle.volume
                    )
                    for candle in item.candles[-_CANDLES:]
                ),
            ]
        )
        for item in view.context.symbols
    )


def _technical_indicators(view: PromptView, _holes: Holes) -> str:
    return per_symbol(
        view.context,
        lambda item: ", ".join(
            f"{name} {last:.6g} (before {previous:.6g})"
            for name, (last, previous) in sorted(item.indicators.items())
        ),
    )


def _selected_symbols_detail(view: PromptView, _holes: Holes) -> str:
    lines: list[str] = []
    for item in view.context.symbols:
        line = f"{item.symbol}: mark {item.mark}, price step {item.tick_size}"
        if (instrument := view.instruments.get(item.symbol)) is not None:
            line += (
                f", size step {instrument.lot_size}, least order {instrument.min_notional}"
                f" {instrument.quote}, venue leverage up to {instrument.max_leverage}x"
            )
        lines.append(line)
    return lines_or_none(lines)


ROWS = (
    VariableRow(
        pattern="market_prices",
        family=VariableFamily.MARKET,
        meaning="Bid, ask, mark price and 24 h change of every symbol.",
        render=_market_prices,
        documented=True,
    ),
    VariableRow(
        pattern="sampling_data",
        family=VariableFamily.MARKET,
        meaning=f"The last {_SAMPLES} closing prices of every symbol, oldest first.",
        render=_sampling_data,
        documented=True,
    ),
    VariableRow(
        pattern="kline_data",
        family=VariableFamily.MARKET,
        meaning=f"The last {_CANDLES} closed candles of every symbol, of the trader's period.",
        render=_kline_data,
        documented=True,
    ),
    VariableRow(
        pattern="technical_indicators",
        family=VariableFamily.MARKET,
        meaning="Every indicator at the last closed candle and the one before.",
        render=_technical_indicators,
        documented=True,
    ),
    VariableRow(
        pattern="selected_symbols_csv",
        family=VariableFamily.MARKET,
        meaning="The trader's symbols, with commas between them.",
        render=lambda view, _: ", ".join(view.context.trader.symbols),
    ),
    VariableRow(
        pattern="selected_symbols_detail",
        family=VariableFamily.MARKET,
        meaning="The trader's symbols with mark price, price and size step and the least order.",
        render=_selected_symbols_detail,
    ),
    VariableRow(
        pattern="selected_symbols_count",
        family=VariableFamily.MARKET,
        meaning="How many symbols the trader has.",
        render=lambda view, _: str(len(view.context.trader.symbols)),
    ),
    VariableRow(
        pattern="market_json",
        family=VariableFamily.MARKET,
        meaning=(
            "Account, limits, prices, indicators and positions as one line of JSON; the built-in rules"
            " model needs it exactly once, on a line of its own."
        ),
        render=lambda view, _: render_market_block(market_block(view.context)),
    ),
)

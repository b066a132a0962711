"""A result as text for a terminal: what matters first, with the definitions a reader needs beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.backtest.metrics import METRICS
from engine.backtest.metrics.value_text import (
    ABSENT,
    duration_text,
    money_text,
    percent_text,
    utc_text,
    value_text,
)
from engine.backtest.report.headline import headline_figures
from engine.backtest.report.terminal_chart import TerminalCurve, terminal_chart
from engine.backtest.report.terminal_text import (
    BOLD,
    GAIN,
    LOSS,
    NARROWEST,
    WARNING,
    Painter,
    painter_for,
    sentences,
    wrapped,
)
from engine.model.backtest import BacktestResult, BacktestStatus, BacktestTrade
from engine.text import count, safe_line

EQUITY_ROWS = 14
DRAWDOWN_ROWS = 7
EXTREME_TRADES = 3
_RIGHT_ALIGNED, _PROFIT = (0, 3, 4, 6), 3
_FEWEST_LETTERS = 12
_MORE_METRICS = (
    ("sortino", "calmar", "volatility_pct", "ulcer_index", "value_at_risk_pct", "exposure_pct"),
    ("expectancy", "average_trade_pct", "avg_win", "avg_loss", "payoff_ratio", "sqn"),
    ("alpha_pct", "beta", "turnover", "average_holding_ms", "max_consecutive_losses", "longest_drawdown_ms"),
)


def text_summary(result: BacktestResult, width: int = 100, *, color: bool | None = None) -> str:
    """Return the summary in lines of at most `width` cells (60 or more).

    `color` adds terminal colours; None adds them where the standard output is a terminal and
    NO_COLOR is not set.
    """
    painter = painter_for(color)
    width = max(width, NARROWEST)
    blocks = (
        _title(result, painter, width),
        _headline(result, painter, width),
        _charts(result, painter, width),
        _more_metrics(result, width),
        _extremes(result, painter, width),
        sentences("Before you believe it", _doubts(result), painter, width, WARNING),
        sentences("The rules of this run", result.rules, painter, width),
        _ending(result, width),
    )
    return "\n\n".join("\n".join(lines) for lines in map(list, blocks) if lines) + "\n"


def _title(result: BacktestResult, painter: Painter, width: int) -> Iterator[str]:
    request = result.request
    is_whole = result.status is BacktestStatus.COMPLETED
    yield painter.paint(safe_line(request.name, width), BOLD) + (
        "" if is_whole else painter.paint(f" – {result.status.value.upper()}, not a whole run", WARNING)
    )
    yield from wrapped(
        f"{', '.join(request.symbols)} · {request.period} candles · {utc_text(result.start_ms)} to "
        f"{utc_text(result.end_ms)} UTC · {count(result.bars, 'bar')} · {count(result.triggers, 'trigger')}",
        width,
    )


def _headline(result: BacktestResult, painter: Painter, width: int) -> Iterator[str]:
    codes = {"gain": GAIN, "loss": LOSS}
    figures = headline_figures(result)
    names = max(len(figure.title) for figure in figures)
    values = max(len(figure.value) for figure in figures)
    for figure in figures:
        value = painter.paint(figure.value.rjust(values), codes.get(figure.tone, ""))
        room = width - names - values - 4
        yield f"{figure.title:<{names}}  {value}  {safe_line(figure.about, room)}"


def _charts(result: BacktestResult, painter: Painter, width: int) -> Iterator[str]:
    curve = result.curve
    if len(curve.ts_ms) < 2:
        return
    yield "Equity, and buy and hold (thin)" if painter.is_on else "Equity"
    held = [TerminalCurve(curve.ts_ms, curve.benchmark, "gray")] if painter.is_on else []
    yield from terminal_chart(
        [*held, TerminalCurve(curve.ts_ms, curve.equity, "blue+")], width, EQUITY_ROWS, color=painter.is_on
    )
    yield "Drawdown"
    yield from terminal_chart(
        [TerminalCurve(curve.ts_ms, curve.drawdown_pct, "red")],
        width,
        DRAWDOWN_ROWS,
        color=painter.is_on,
        may_log=False,
        unit=" %",
    )


def _more_metrics(result: BacktestResult, width: int) -> Iterator[str]:
    """Return three columns of names and values, as many as there is room for."""
    columns = _MORE_METRICS[: max(1, width // 33)]
    each = (width - 2 * (len(columns) - 1)) // len(columns)
    for row in range(len(columns[0])):
        cells = []
        for column in columns:
            metric = METRICS[column[row]]
            value = value_text(result.metrics.get(metric.name), metric.unit)
            cells.append(f"{safe_line(metric.title, each - len(value) - 1):<{each - len(value)}}{value}")
        yield "  ".join(cells)


def _extremes(result: BacktestResult, painter: Painter, width: int) -> Iterator[str]:
    ranked = sorted(result.trades, key=lambda trade: trade.pnl)
    count = min(EXTREME_TRADES, len(ranked) // 2)
    if not ranked:
        return
    if not count:
        yield "The only trade"
        yield from _trade_lines(ranked, painter, width)
        return
    yield "Best and worst trades"
    yield from _trade_lines([*reversed(ranked[-count:]), *ranked[:count][::-1]], painter, width)


def _trade_lines(trades: Sequence[BacktestTrade], painter: Painter, width: int) -> Iterator[str]:
    rows = [_trade_cells(trade) for trade in trades]
    lengths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for trade, row in zip(trades, rows, strict=True):
        cells = [
            cell.rjust(length) if column in _RIGHT_ALIGNED else cell.ljust(length)
            for column, (cell, length) in enumerate(zip(row, lengths, strict=True))
        ]
        line = "  ".join(cells)
        if len(line) > width:
            yield safe_line(line, width)
            continue
        room = width - len(line) - 2
        reason = f"  {safe_line(trade.reason, room)}" if trade.reason and room >= _FEWEST_LETTERS else ""
        cells[_PROFIT] = painter.tone(cells[_PROFIT], float(trade.pnl))
        yield f"{'  '.join(cells)}{reason}"


def _trade_cells(trade: BacktestTrade) -> tuple[str, ...]:
    return (
        f"#{trade.number}",
        safe_line(trade.symbol, 12),
        safe_line(trade.side, 5),
        money_text(float(trade.pnl), signed=True),
        percent_text(trade.return_pct, signed=True),
        utc_text(trade.entry_ms),
        "open" if trade.exit_ms is None else duration_text(trade.exit_ms - trade.entry_ms),
    )


def _doubts(result: BacktestResult) -> Iterator[str]:
    if result.error is not None:
        yield f"The program failed: {result.error.sentence()}"
    if result.status is not BacktestStatus.COMPLETED:
        yield f"The run is {result.status.value}. {result.ended_early}".strip()
    yield from result.warnings


def _ending(result: BacktestResult, width: int) -> Iterator[str]:
    yield from wrapped(
        f"Sharpe: {METRICS['sharpe'].meaning} Trade figures leave out what is still open.", width
    )
    took = f"Loaded in {result.load_s:.2f} s, run in {result.run_s:.2f} s."
    yield from wrapped(f"{took} Result {result.result_hash or ABSENT}", width)

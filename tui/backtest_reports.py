"""One trigger of a run in full, and how a run's report is written from a shell."""

from __future__ import annotations

import shlex
from decimal import Decimal

import msgspec

from engine.model.backtest import (
    BacktestRequest,
    CandleFiles,
    Recording,
    StoredCandles,
    TriggerDetail,
    TriggerLine,
)
from tui import format as fmt
from tui.backtest_trades import kind_words, operation_words, price_text
from tui.panes.span_line import Span
from tui.program_outline import Node, json_nodes, section, text_nodes
from tui.program_reports import error_nodes, fact_nodes
from tui.signal_view import duration

PREVIEW_LENGTH = 200


def trigger_nodes(detail: TriggerDetail) -> tuple[Node, ...]:
    """Return everything about one trigger: its decision or error, what it printed, read and was given."""
    line = detail.line
    if detail.error is not None:
        head = Node((Span("✗ ", "danger"), Span(detail.error.sentence(), "danger")))
    else:
        words, role = operation_words(line)
        head = Node((Span("✓ ", "gain"), Span(words if line.operation else kind_words(line.kind), role)))
    asked = [
        Node((Span(f"{call}  "),), json_nodes(answer), False, answer[:PREVIEW_LENGTH])
        for call, answer in detail.reads
    ]
    return (
        head,
        *fact_nodes([fact for fact in _facts(line) if fact[1]]),
        *(error_nodes(detail.error) if detail.error else ()),
        *section("decision", json_nodes(detail.decision) if detail.decision.strip() else ()),
        *section("printed", text_nodes(detail.output, "thought")),
        *section("read", asked),
        *section("input", json_nodes(detail.input_data), preview=detail.input_data[:PREVIEW_LENGTH]),
    )


def _facts(line: TriggerLine) -> tuple[tuple[str, str], ...]:
    at = f"{fmt.market_date_time(line.ts_ms)}:{fmt.market_time(line.ts_ms)[-2:]}"
    fill = "" if line.fill_price is None else f"{price_text(line.fill_price)}, fee {line.fee:,.2f}"
    return (
        ("at", at),
        ("woken by", " · ".join(filter(None, (kind_words(line.kind), line.pool_name, *line.signals)))),
        ("price", f"{line.symbol} {price_text(line.price)}"),
        ("outcome", line.outcome),
        ("reason", line.reason),
        ("error", line.error),
        ("filled at", fill),
        ("profit", f"{line.realized_pnl:+,.2f}" if line.realized_pnl else ""),
        ("equity", f"{line.equity_before:,.2f} → {line.equity_after:,.2f}"),
    )


def report_command(request: BacktestRequest) -> str:
    """Return the command line that writes a run's report as a page."""
    words = ["nightdesk", "backtest", f"{_file_name(request.name)}.py"]
    match request.history:
        case CandleFiles(candles):
            for symbol, path in candles:
                words += ["--candles", f"{symbol}={path}"]
        case StoredCandles(venue):
            words += ["--stored", venue]
        case Recording():
            pass
    for symbol in request.symbols:
        words += ["--symbol", symbol]
    words += ["--period", request.period]
    if request.pools:
        words += ["--signals", "POOL.json"]
    if request.schedule_seconds:
        words += ["--schedule", duration(request.schedule_seconds).replace(" ", "")]
    for option, ts_ms in (("--from", request.start_ms), ("--to", request.end_ms)):
        if ts_ms is not None:
            words += [option, fmt.market_date_time(ts_ms).replace(" ", "T")]
    words += ["--cash", f"{request.cash:f}"]
    for option, share in (("--taker-fee-pct", request.taker_fee), ("--maker-fee-pct", request.maker_fee)):
        if share is not None:
            words += [option, _percent(share)]
    if request.slippage:
        words += ["--slippage-pct", _percent(request.slippage)]
    if request.venue:
        words += ["--venue", request.venue]
    if request.params:
        words += ["--params", msgspec.json.encode(request.params).decode()]
    if request.seed:
        words += ["--seed", str(request.seed)]
    return shlex.join([*words, "--report", f"{_file_name(request.name)}.html"])


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}"


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name.casefold()).strip("-") or "program"

"""The market's figures as rows of spans: depth ladder, trades tape, flow and regime. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import accumulate, product
from math import isinf, isnan

from engine.model.flow import FLOW_MEASURES, FlowMetric, FlowReading
from engine.model.order import Side
from engine.model.quote import BookLevel, BookSnapshot
from engine.model.regime import CoarseRegime, Regime, RegimeDirection, RegimeReading
from engine.model.trade import Trade
from tui import format as fmt
from tui.panes.span_line import Span
from tui.widgets.candle_scale import short_number
from tui.widgets.cell_canvas import Row
from tui.widgets.wrapping import wrap_within

SIGNED = frozenset(
    {FlowMetric.CVD, FlowMetric.OI_DELTA, FlowMetric.IMBALANCE, FlowMetric.PRICE_CHANGE, FlowMetric.FUNDING}
)
SHORT_UNITS = {"ratio": "", "-1..1": ""}
DIRECTION_GLYPHS = {
    RegimeDirection.BULLISH: ("▲", "gain"),
    RegimeDirection.BEARISH: ("▼", "loss"),
    RegimeDirection.NEUTRAL: ("·", "muted"),
}
LEAST_BAR = 4
"""A bar of fewer cells tells nothing."""
NARROW = 60
"""Below this width measures stand below each other."""


def ladder_rows(
    book: BookSnapshot, tick: Decimal, lot: Decimal | None, width: int, height: int, *, is_stale: bool = False
) -> tuple[Row, ...]:
    """Return asks above bids with sizes and sums from the best price outwards, spread between them."""
    each = max(1, (height - 2) // 2)
    asks, bids = book.asks[:each], book.bids[:each]
    sums = [list(accumulate(level.quantity for level in side)) for side in (asks, bids)]
    most = max((side[-1] for side in sums if side), default=Decimal(0))
    price_width = max((len(fmt.price(level.price, tick)) for level in (*asks[-1:], *bids[:1])), default=8)
    size_width = max((len(_size(level.quantity, lot)) for level in (*asks, *bids)), default=4)
    sum_width = max((len(_size(side[-1], lot)) for side in sums if side), default=4)
    bar_width = max(0, width - price_width - size_width - sum_width - 3)
    shows_bar = bar_width >= LEAST_BAR

    def row(level: BookLevel, total: Decimal, role: str) -> Row:
        role, quiet = ("stale", "stale") if is_stale else (role, "muted")
        return (
            Span(fmt.fit(fmt.price(level.price, tick), price_width, "right"), role),
            Span(
                fmt.fit(_size(level.quantity, lot), size_width + 1, "right"), "stale" if is_stale else "text"
            ),
            Span(fmt.fit(_size(total, lot), sum_width + 1, "right") + " ", quiet),
            Span(bar(float(total / most) if most and shows_bar else 0.0, bar_width), role),
        )

    head = (
        fmt.fit("price", price_width, "right")
        + fmt.fit("size", size_width + 1, "right")
        + fmt.fit("sum", sum_width + 1, "right")
    )
    blank = (Span(" " * width, "text"),)
    rows: list[Row] = [(Span(fmt.fit(head, width), "header"),)]
    rows += [blank] * (each - len(asks))
    rows += [row(level, total, "ask") for level, total in reversed(list(zip(asks, sums[0], strict=True)))]
    rows.append(spread_row(book, tick, width))
    rows += [row(level, total, "bid") for level, total in zip(bids, sums[1], strict=True)]
    rows += [blank] * (height - len(rows))
    return tuple(rows[:height])


def spread_row(book: BookSnapshot, tick: Decimal, width: int) -> Row:
    """Return the spread with its share of the price, and which side weighs more."""
    if not (book.bids and book.asks):
        return (Span(fmt.fit("one side is empty", width), "warning"),)
    bid, ask = book.bids[0].price, book.asks[0].price
    share = float((ask - bid) / ((ask + bid) / 2)) * 10_000
    weight = imbalance(book)
    spread = f"spread {fmt.price(ask - bid, tick)}"
    balance = f"{fmt.trend_glyph(weight)} {weight:+.2f}"
    role = "bid" if weight > 0 else "ask" if weight < 0 else "muted"
    room = width - len(spread) - len(balance) - 1
    words = product((f" ({share:.2f} bp)", ""), ("imbalance ", "imb "))
    shown = ((share_text, label) for share_text, label in words if len(share_text + label) <= room)
    share_text, label = next(shown, ("", ""))
    room = width - len(label) - len(balance) - 1
    return (
        Span(fmt.fit(f"{spread}{share_text}", room), "header"),
        Span(f" {label}", "muted"),
        Span(balance, role),
    )


def imbalance(book: BookSnapshot) -> float:
    """Return bids less asks over both, -1 to 1: what rests near the mid, or on the levels known."""
    bids = book.near_bids if book.near_bids is not None else _notional(book.bids)
    asks = book.near_asks if book.near_asks is not None else _notional(book.asks)
    return float((bids - asks) / (bids + asks)) if bids + asks else 0.0


def bar(share: float, width: int) -> str:
    """Return a horizontal bar that fills a share of `width` cells, in halves of one."""
    halves = round(max(0.0, min(1.0, share)) * width * 2)
    return fmt.fit("━" * (halves // 2) + ("╸" if halves % 2 else ""), width)


def tape_rows(
    trades: Sequence[Trade],
    tick: Decimal,
    lot: Decimal | None,
    width: int,
    height: int,
    *,
    is_stale: bool = False,
) -> tuple[Row, ...]:
    """Return trades newest first: time, price with a glyph and role for the taker's side, size."""
    shown = trades[:-height:-1] if height > 1 else ()
    price_width = max((len(fmt.price(trade.price, tick)) for trade in shown), default=5)
    has_seconds = width >= 8 + 3 + price_width + 9
    time_width = 8 if has_seconds else 5
    size_width = max(1, width - time_width - 3 - price_width)

    def row(trade: Trade) -> Row:
        is_buy = trade.taker_side is Side.BUY
        role = "stale" if is_stale else "bid" if is_buy else "ask"
        time = fmt.market_time(trade.ts_ms)
        return (
            Span(time if has_seconds else time[3:], "stale" if is_stale else "muted"),
            Span(
                f" {'▲' if is_buy else '▼'} {fmt.fit(fmt.price(trade.price, tick), price_width, 'right')}",
                role,
            ),
            Span(fmt.fit_whole(_size(trade.quantity, lot), size_width), "stale" if is_stale else "text"),
        )

    head = f"{fmt.fit('time', time_width)}{fmt.fit('price', price_width + 3, 'right')}"
    rows: list[Row] = [(Span(head + fmt.fit("size", size_width, "right"), "header"),)]
    rows += [row(trade) for trade in shown]
    rows += [(Span(" " * width, "text"),)] * (height - len(rows))
    return tuple(rows[:height])


def flow_figure(metric: FlowMetric, value: float | None) -> str:
    """Return a measure's value with the digits a person needs, `–` where it is missing."""
    if value is None or isnan(value):
        return fmt.ABSENT
    if isinf(value):
        return "∞" if value > 0 else "-∞"
    measure = FLOW_MEASURES[metric]
    if measure.unit == "USD":
        text = short_number(value)
        return f"+{text}" if metric in SIGNED and value > 0 else text
    return f"{value:{'+' if metric in SIGNED and value else ''}.{measure.decimals}f}"


def flow_unit(metric: FlowMetric) -> str:
    """Return a measure's unit where the figure needs one."""
    unit = FLOW_MEASURES[metric].unit
    return SHORT_UNITS.get(unit, unit)


def flow_role(metric: FlowMetric, value: float | None) -> str:
    """Return the colour role of a measure: which way it points, where it has a direction."""
    if value is None:
        return "muted"
    if metric in (FlowMetric.TAKER, FlowMetric.DEPTH):
        return "gain" if value > 1 else "loss" if value < 1 else "text"
    if metric in SIGNED and metric is not FlowMetric.FUNDING:
        return "gain" if value > 0 else "loss" if value < 0 else "text"
    return "text"


def flow_rows(flow: FlowReading | None, width: int, *, is_stale: bool = False) -> list[Row]:
    """Return the nine measures, side by side where they fit, else below each other."""
    cells = []
    for metric in FlowMetric:
        value = flow.value(metric) if flow is not None else None
        role = "stale" if is_stale and value is not None else flow_role(metric, value)
        figure, unit = flow_figure(metric, value), flow_unit(metric) if value is not None else ""
        cells.append((FLOW_MEASURES[metric].label, figure, unit, role))
    if width < NARROW:
        return [_flow_line(cell, width) for cell in cells]
    across = 9 if width >= 150 else 5
    column = width // across
    return [
        tuple(span for cell in cells[start : start + across] for span in _flow_cell(cell, column))
        for start in range(0, len(cells), across)
    ]


def regime_spans(regime: RegimeReading | None, *, is_stale: bool = False) -> Row:
    """Return the regime in a few words: which way, which class, how sure, and what it lacks."""
    if regime is None or _is_unknown(regime):
        return (Span("regime –", "muted"),)
    glyph, role = DIRECTION_GLYPHS[regime.direction]
    role = "stale" if is_stale else role
    words = [Span(f"{glyph} ", role)]
    if regime.regime is not Regime.UNKNOWN:
        words.append(Span(regime.regime.replace("_", " "), role))
        words.append(Span(" · ", "muted"))
    words.append(Span(regime.coarse.value, "stale" if is_stale else "text"))
    if regime.regime is not Regime.UNKNOWN:
        words.append(Span(f" {regime.confidence:.0%}", "muted"))
    if regime.price_only:
        words.append(Span(" price only", "warning"))
    return tuple(words)


def regime_rows(regime: RegimeReading | None, width: int, *, reasons: bool, is_stale: bool) -> Iterator[Row]:
    """Yield the regime, its direction and what it was read from, with the reasons if asked for."""
    if regime is None:
        yield (Span(fmt.fit("Regime –  no closed candle yet", width), "muted"),)
        return
    words = regime_spans(regime, is_stale=is_stale)
    where = f"{regime.direction} · {regime.period} until {fmt.market_time(regime.close_ms)[:5]}"
    if _is_unknown(regime):
        words = (Span("not known yet", "muted"),)
        where = regime.period if reasons else f"{regime.period} · r says why"
    lacks_class = regime.price_only and regime.regime is Regime.UNKNOWN
    missing = "the seven classes need trades and open interest" if lacks_class else ""
    if width >= NARROW:
        where = " · ".join(filter(None, (where, missing)))
        yield _fitted((Span("Regime  ", "header"), *words, Span(f" · {where}", "muted")), width)
    else:
        yield _fitted(words, width)
        for line in (where, *wrap_within(missing, width, 3)):
            yield (Span(fmt.fit(line, width), "muted"),)
    if reasons:
        for reason in regime.reasons:
            for number, line in enumerate(wrap_within(reason, max(8, width - 2), 3)):
                yield (Span(fmt.fit(f"{'  ' if number else '· '}{line}", width), "text"),)


def _is_unknown(regime: RegimeReading) -> bool:
    return regime.regime is Regime.UNKNOWN and regime.coarse is CoarseRegime.UNKNOWN


def _fitted(spans: Row, width: int) -> Row:
    """Return spans in exactly `width` cells, the end cut if they are longer."""
    kept: list[Span] = []
    room = width
    for span in spans:
        if room <= 0:
            break
        text = span.text if len(span.text) <= room else fmt.fit(span.text, room)
        kept.append(span._replace(text=text))
        room -= len(text)
    return (*kept, Span(" " * room)) if room else tuple(kept)


def _flow_line(cell: tuple[str, str, str, str], width: int) -> Row:
    label, figure, unit, role = cell
    room = max(0, width - 10 - 4)
    return (
        Span(fmt.fit(label, 10), "muted"),
        Span(fmt.fit(figure, room, "right"), role),
        Span(fmt.fit(f" {unit}", 4), "muted"),
    )


def _flow_cell(cell: tuple[str, str, str, str], width: int) -> Row:
    label, figure, unit, role = cell
    room = width - len(label) - 1
    value = f"{figure}{f' {unit}' if unit else ''}"
    return (Span(f"{label} ", "muted"), Span(fmt.fit(value, room), role))


def _size(quantity: Decimal, lot: Decimal | None) -> str:
    return fmt.quantity(quantity, lot)


def _notional(levels: Sequence[BookLevel]) -> Decimal:
    return sum((level.price * level.quantity for level in levels), Decimal(0))

"""What the arena screen paints: one frozen picture of standings, curves and attribution, and its words."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

import msgspec

from engine.desk import Desk, EquitySpan
from engine.model.arena import AttributionRow, Dimension, Standing
from tui import format as fmt
from tui.theming import SERIES_ROLES
from tui.view import DeskView
from tui.widgets.chart_raster import ChartSeries
from tui.widgets.live_table import Cell, Row

CURVE_POINTS = 300
CURVE_INTERVAL_S = 2.0
"""How often the curves are read while they are in view."""
DIMENSIONS = tuple(Dimension)


class ArenaView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the panes of the arena show; `scope` is the trader attributed alone, None for all."""

    desk: DeskView = DeskView()
    standings: tuple[Standing, ...] = ()
    curves: tuple[ChartSeries, ...] = ()
    dimension: Dimension = Dimension.STRATEGY
    scope: int | None = None
    rows: tuple[AttributionRow, ...] | None = None
    """What was attributed; None while it is being read."""

    @property
    def scope_name(self) -> str:
        """Whose trades are attributed, in words."""
        return "all traders" if self.scope is None else self.desk.trader_name(self.scope)


class ArenaReader:
    """Reads the arena into a picture; equal pictures are the same object."""

    def __init__(self, desk: Desk, clock: Callable[[], float] = monotonic) -> None:
        self._desk = desk
        self._clock = clock
        self._view = ArenaView()
        self._curves_read_at = -CURVE_INTERVAL_S
        self.dimension = Dimension.STRATEGY
        self.scope: int | None = None
        self.rows: tuple[AttributionRow, ...] | None = None

    def read(self, view: DeskView, *, wants_curves: bool) -> ArenaView:
        """Return the picture that goes with a picture of the desk; curves only when they are in view."""
        standings = self._desk.arena.standings()
        picture = ArenaView(
            desk=view,
            standings=standings,
            curves=self._curves(standings) if wants_curves else self._view.curves,
            dimension=self.dimension,
            scope=self.scope,
            rows=self.rows,
        )
        if picture != self._view:
            self._view = picture
        return self._view

    def _curves(self, standings: tuple[Standing, ...]) -> tuple[ChartSeries, ...]:
        now = self._clock()
        ids = [trader.trader_id for trader in self._desk.traders()]
        if not standings or now - self._curves_read_at < CURVE_INTERVAL_S:
            return self._view.curves
        self._curves_read_at = now
        series = []
        for standing in standings:
            points = self._desk.equity(standing.trader_id, EquitySpan.ALL, CURVE_POINTS)
            place = ids.index(standing.trader_id) if standing.trader_id in ids else standing.rank - 1
            if points and points[0].equity > 0:
                start = points[0].equity
                series.append(
                    ChartSeries(
                        label=f"{standing.rank} {standing.name}",
                        xs=tuple(point.ts_ms for point in points),
                        ys=tuple(float(point.equity / start - 1) * 100 for point in points),
                        role=SERIES_ROLES[place % len(SERIES_ROLES)],
                    )
                )
        return tuple(series)


def attribution_stamp(view: ArenaView) -> tuple[object, ...]:
    """Return what must change before attribution is worth reading again: the question, and the trades."""
    done = tuple((item.trader_id, item.trades, item.decisions, item.fees) for item in view.standings)
    return view.dimension, view.scope, done


def standing_row(standing: Standing) -> Row:
    """Return the cells of one trader's place."""
    return Row(
        str(standing.trader_id),
        (
            Cell(str(standing.rank), "accent"),
            Cell(standing.name),
            Cell(fmt.change(standing.return_pct / 100), fmt.trend_role(standing.return_pct)),
            Cell(fmt.money(standing.equity)),
            Cell(fmt.percent(standing.max_drawdown_pct / 100, signed=False), "muted"),
            Cell(_ratio(standing.sharpe)),
            Cell(f"{standing.trades:,}"),
            Cell(fmt.percent(standing.win_rate, 0, signed=False)),
            Cell(fmt.money(standing.fees), "muted"),
            Cell(f"{standing.decisions:,}"),
            Cell(f"{standing.refused}/{standing.failed}", "danger" if standing.failed else "muted"),
            Cell(f"{standing.tokens:,}", "muted"),
            Cell(fmt.model_cost(standing.cost_usd), "muted"),
            Cell(standing.strategy or fmt.ABSENT, "muted"),
            Cell(standing.model or fmt.ABSENT, "muted"),
        ),
    )


def attribution_row(row: AttributionRow) -> Row:
    """Return the cells of what the trades under one key came to."""
    return Row(
        row.key,
        (
            Cell(row.key or fmt.ABSENT),
            Cell(fmt.profit(row.pnl), fmt.trend_role(row.pnl)),
            Cell(f"{row.trades:,}"),
            Cell(fmt.percent(row.win_rate, 0, signed=False)),
            Cell(_ratio(row.profit_factor)),
            Cell(fmt.money(row.average_win)),
            Cell(fmt.money(row.average_loss)),
            Cell(fmt.money(row.fees), "muted"),
            Cell(f"{row.decisions:,}", "muted"),
            Cell(f"{row.tokens:,}", "muted"),
            Cell(fmt.model_cost(row.cost_usd), "muted"),
        ),
    )


def _ratio(value: float | None) -> str:
    return fmt.ABSENT if value is None else f"{value:.2f}"

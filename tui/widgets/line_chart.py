"""A chart of curves over time that repaints only the rows that changed.

The drawing itself happens in a thread, after the first frame: plotext is not imported before a
chart has something to draw, and a drawing of some milliseconds never holds up a key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, tzinfo

from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.chart_raster import ChartRow, ChartSeries, rasterise
from tui.widgets.role_styles import RoleStyles

__all__ = ["ChartSeries", "LineChart"]


class LineChart(Widget):
    """Several curves over time, each in the colour of its role."""

    ALLOW_SELECT = False

    def __init__(
        self,
        *,
        empty_text: str = "",
        zone: tzinfo = UTC,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._empty_text = empty_text
        self._zone = zone
        self._series: tuple[ChartSeries, ...] = ()
        self._rows: tuple[ChartRow, ...] = ()
        self._drawn: tuple[tuple[ChartSeries, ...], Size] | None = None
        self._is_drawing = False
        self._role_styles = RoleStyles(self)

    def show(self, series: Sequence[ChartSeries]) -> None:
        """Make the chart show exactly these curves, soon; equal curves cost nothing."""
        self._series = tuple(series)
        self._draw_soon()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Work out the styles once, then render the lines of a region."""
        self._role_styles.update(self.rich_style)
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Return one row of the chart as last drawn."""
        width, styles = self.size.width, self._role_styles
        if y >= len(self._rows):
            return Strip.blank(width, styles.base)
        segments = [Segment(span.text, styles[span.role]) for span in self._rows[y]]
        return Strip(segments).adjust_cell_length(width, styles.base)

    def on_resize(self, event: events.Resize) -> None:
        """Draw again in the new size."""
        self._draw_soon()

    def _draw_soon(self) -> None:
        if self._is_drawing or not self.size or self._drawn == (self._series, self.size):
            return
        self._is_drawing = True
        self.run_worker(self._draw_until_current(), group="line-chart", exit_on_error=False)

    async def _draw_until_current(self) -> None:
        """Draw the newest curves, and again as long as newer ones came meanwhile."""
        try:
            while self._drawn != (wanted := (self._series, self.size)):
                series, size = wanted
                rows = await asyncio.to_thread(
                    rasterise,
                    series,
                    size.width,
                    size.height,
                    empty_text=self._empty_text,
                    zone=self._zone,
                )
                self._drawn = wanted
                self._show_rows(rows)
        finally:
            self._is_drawing = False

    def _show_rows(self, rows: tuple[ChartRow, ...]) -> None:
        shown, self._rows = self._rows, rows
        if len(shown) != len(rows):
            self.refresh()
            return
        changed = [Region(0, y, self.size.width, 1) for y, row in enumerate(rows) if row != shown[y]]
        if changed:
            self.refresh(*changed)

"""A candle chart on the screen."""

from __future__ import annotations

from tui.widgets.candle_picture import CandlePicture
from tui.widgets.candle_plan import Plan, chart_columns, plan_chart
from tui.widgets.candle_raster import Ground, draw_chart
from tui.widgets.cell_canvas import Row
from tui.widgets.span_rows import SpanRows


class CandleChart(SpanRows):
    """Shows a `CandlePicture`; what stands still while the last candle moves is drawn once."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._picture = CandlePicture()
        self._empty_text = ""
        self._ground: Ground | None = None

    @property
    def picture(self) -> CandlePicture:
        """What is shown."""
        return self._picture

    @property
    def plan(self) -> Plan | None:
        """Where everything stands at the present size."""
        return plan_chart(self._picture, self.size.width, self.size.height)

    @property
    def column_count(self) -> int:
        """How many columns there is room for."""
        return chart_columns(self._picture, self.size.width)

    def show(self, picture: CandlePicture, empty_text: str = "") -> None:
        """Show a picture from now on; an equal one costs nothing."""
        if picture != self._picture or empty_text != self._empty_text:
            self._picture, self._empty_text = picture, empty_text
            self.repaint()

    def rows_for(self, width: int, height: int) -> tuple[Row, ...]:
        """Return the drawn chart."""
        drawing = draw_chart(self._picture, width, height, empty_text=self._empty_text, before=self._ground)
        self._ground = drawing.ground
        return drawing.rows

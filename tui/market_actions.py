"""What can be done on the market screen: rows of the one table of actions."""

from __future__ import annotations

from tui.action import Action, Context, pane_actions

_C = Context
MARKET_ACTIONS: tuple[Action, ...] = (
    Action(
        "chart.indicators",
        ("i",),
        _C.MARKET,
        "Indicators",
        "Choose what is drawn over and below the candles",
        in_footer=True,
    ),
    Action("chart.periods", ("P",), _C.MARKET, "Period", "Choose how long a candle lasts", in_footer=True),
    Action("chart.shorter", ("left_square_bracket",), _C.MARKET, "Shorter", "Shorter candles"),
    Action("chart.longer", ("right_square_bracket",), _C.MARKET, "Longer", "Longer candles"),
    Action("chart.zoom_in", ("up",), _C.MARKET, "Zoom in", "Wider candles, fewer of them"),
    Action("chart.zoom_out", ("down",), _C.MARKET, "Zoom out", "Narrower candles, more of them"),
    Action(
        "chart.older",
        ("left",),
        _C.MARKET,
        "Back",
        "Scroll the chart, or move the crosshair, towards the past",
    ),
    Action(
        "chart.newer",
        ("right",),
        _C.MARKET,
        "Forward",
        "Scroll the chart, or move the crosshair, towards now",
    ),
    Action("chart.page_older", ("pageup",), _C.MARKET, "Page back", "Scroll a page towards the past"),
    Action("chart.page_newer", ("pagedown",), _C.MARKET, "Page forward", "Scroll a page towards now"),
    Action("chart.oldest", ("home", "g"), _C.MARKET, "Oldest", "Go to the first candle on record"),
    Action("chart.now", ("end", "G"), _C.MARKET, "Now", "Back to the newest candle, and follow it"),
    Action("chart.cursor_left", ("h", "shift+left"), _C.MARKET, "Cursor left", "Inspect the candle before"),
    Action("chart.cursor_right", ("l", "shift+right"), _C.MARKET, "Cursor right", "Inspect the next candle"),
    Action("chart.cursor", ("c",), _C.MARKET, "Crosshair", "Inspect a candle, or put the crosshair away"),
    Action("chart.volume", ("v",), _C.MARKET, "Volume", "Show the volume bars, or hide them"),
    Action("chart.markers", ("y",), _C.MARKET, "Markers", "Show fires, fills and alerts, or hide them"),
    Action("market.sides", ("o",), _C.MARKET, "Panes", "Show the panes beside the chart, or hide them"),
    Action("market.reasons", ("r",), _C.MARKET, "Reasons", "Say why the regime is what it is, or stop"),
    Action("market.window", ("w",), _C.MARKET, "Window", "Order flow over the next longer window"),
    Action("market.news", ("N",), _C.MARKET, "News", "Read news, and choose its sources"),
    Action(
        "market.factors",
        ("F",),
        _C.MARKET,
        "Factors",
        "See what each factor was worth, and define one's own",
    ),
    Action(
        "market.thresholds",
        ("R",),
        _C.MARKET,
        "Thresholds",
        "Change the numbers regimes are told apart by",
    ),
    *pane_actions(_C.MARKET, "market.pane."),
)

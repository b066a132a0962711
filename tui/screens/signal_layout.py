"""Where each pane of the signals screen stands for a size of the terminal.

*Small* (80×24): one pane at a time, by its tab. *Medium* (120×40): the signals across, pools beside
alerts, the log beside the preview. *Large* (200×60): the three lists on the left, the preview over
the alerts on the right. Every cell belongs to exactly one pane.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.geometry import Region, Size

from tui.action import Context
from tui.screens.turns_layout import arrange_turns


def arrange_signals(size: Size, lower: Context, zoomed: Context | None) -> Mapping[str, Region]:
    """Return the region of every pane that is shown, by its context's name."""
    return arrange_turns(size, lower, zoomed, _medium, _large)


def _medium(width: int, height: int) -> dict[str, Region]:
    signals, pools = height * 3 // 10, height * 5 // 20
    # Alerts are short, the log has long reasons; each side gets what its rows need.
    left, middle = width * 5 // 8, width * 14 // 25
    y = signals + pools
    return {
        Context.SIGNALS.value: Region(0, 0, width, signals),
        Context.POOLS.value: Region(0, signals, left, pools),
        Context.ALERTS.value: Region(left, signals, width - left, pools),
        Context.FIRES.value: Region(0, y, middle, height - y),
        Context.PREVIEW.value: Region(middle, y, width - middle, height - y),
    }


def _large(width: int, height: int) -> dict[str, Region]:
    left = width * 11 // 20
    signals, pools = height * 2 // 5, height // 4
    alerts = height // 4
    y = signals + pools
    return {
        Context.SIGNALS.value: Region(0, 0, left, signals),
        Context.POOLS.value: Region(0, signals, left, pools),
        Context.FIRES.value: Region(0, y, left, height - y),
        Context.PREVIEW.value: Region(left, 0, width - left, height - alerts),
        Context.ALERTS.value: Region(left, height - alerts, width - left, alerts),
    }

"""Which driver Textual is given."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.driver import Driver

PLAIN_DRIVER_VARIABLE = "NIGHTDESK_PLAIN_DRIVER"


def desk_driver() -> type[Driver] | None:
    """Return the driver for `App(driver_class=...)`; None means Textual's own.

    Textual's own serves Windows, and anyone who sets `NIGHTDESK_PLAIN_DRIVER=1`.
    """
    if sys.platform == "win32" or os.environ.get(PLAIN_DRIVER_VARIABLE) == "1":
        return None
    from tui.terminal.frame_driver import FrameDriver

    return FrameDriver

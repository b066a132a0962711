"""nightdesk's engine: the desk without a screen.

The names below are its public face; everything else is how it works inside. Importing it is cheap:
what opens a desk is imported by `open_desk`.

    from engine import Settings, open_desk

    async with open_desk(home, Settings()) as desk:
        async for batch in desk.stream([Topic.FILLS]):
            ...
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from engine.desk import Desk, EquitySpan, OrderPreview
from engine.desk_thread import DeskThread
from engine.errors import (
    Conflict,
    DecisionRefused,
    DeskError,
    HomeLocked,
    InvalidInput,
    InvalidOrder,
    InvalidSetting,
    Lagged,
    ModelFailed,
    NotFound,
    OrderDenied,
    OrderRejected,
    ReplyUnusable,
    StoreFailed,
    StrategyFailed,
    Unavailable,
    VaultLocked,
    WrongPassphrase,
)
from engine.settings import Settings, default_home, load_settings
from engine.streams import Batch, Bus, Subscription

__all__ = [
    "Batch",
    "Bus",
    "Conflict",
    "DecisionRefused",
    "Desk",
    "DeskError",
    "DeskThread",
    "EquitySpan",
    "HomeLocked",
    "InvalidInput",
    "InvalidOrder",
    "InvalidSetting",
    "Lagged",
    "ModelFailed",
    "NotFound",
    "OrderDenied",
    "OrderPreview",
    "OrderRejected",
    "ReplyUnusable",
    "Settings",
    "StoreFailed",
    "StrategyFailed",
    "Subscription",
    "Unavailable",
    "VaultLocked",
    "WrongPassphrase",
    "default_home",
    "load_settings",
    "open_desk",
]


@asynccontextmanager
async def open_desk(home: Path, settings: Settings) -> AsyncIterator[Desk]:
    """Open the desk of a home directory on the running event loop, run it, and close it in order.

    Raises `HomeLocked`, `StoreFailed` or `InvalidSetting` when it cannot run.
    """
    from engine.local_desk import LocalDesk

    desk = await LocalDesk.open(home, settings, Bus())
    try:
        await desk.start()
        yield desk
    finally:
        await desk.close()

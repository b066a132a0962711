"""Takes the picture at the top of the README: the real desk, some minutes into its recording.

`uv run python -m tests.bench.take_picture`; needs about a minute.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from decimal import Decimal
from pathlib import Path

from engine import DeskThread, Settings
from engine.model.order import OrderRequest, OrderType, Side, TimeInForce
from engine.settings import ReplaySettings
from tui.app import DeskApp

PICTURE = Path(__file__).parents[2] / "tui" / "desk.svg"
FONT_DOWNLOADS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""The picture must be the same without a network: any monospace font will do."""
SECONDS_OF_TRADING = 40
MANUAL = 3
SYMBOLS = 3
LONGEST_START_SECONDS = 20


async def take_picture(home: Path) -> None:
    desk = DeskThread(home, Settings(replay=ReplaySettings(speed=600)))
    app = DeskApp(desk, Settings(), start_desk=desk.start)
    async with app.run_test(size=(140, 42)) as pilot:
        for _ in range(LONGEST_START_SECONDS * 5):
            if len(desk.tickers()) == SYMBOLS:
                break
            await asyncio.sleep(0.2)
        await trade(desk)
        await asyncio.sleep(SECONDS_OF_TRADING)
        await desk.set_replay(speed=60)
        await pilot.press("4")
        await asyncio.sleep(6)
        picture = app.export_screenshot(title="nightdesk")
        PICTURE.write_text(FONT_DOWNLOADS.sub("", picture), "utf-8")
    await desk.stop()


async def trade(desk: DeskThread) -> None:
    quotes = {ticker.quote.symbol: ticker.quote for ticker in desk.tickers()}
    for symbol, side, quantity in (("BTC", Side.BUY, "0.04"), ("ETH", Side.SELL, "1.2")):
        quote = quotes[symbol]
        away = (quote.mark * Decimal("0.03")).quantize(Decimal("0.1"))
        await desk.place_order(
            OrderRequest(
                trader_id=MANUAL,
                symbol=symbol,
                side=side,
                type=OrderType.MARKET,
                quantity=Decimal(quantity),
                stop_loss=(quote.mark - side.sign * away).quantize(Decimal("0.1")),
                take_profit=(quote.mark + 2 * side.sign * away).quantize(Decimal("0.1")),
            )
        )
    await desk.place_order(
        OrderRequest(
            trader_id=MANUAL,
            symbol="SOL",
            side=Side.BUY,
            type=OrderType.LIMIT,
            quantity=Decimal(10),
            price=(quotes["SOL"].bid * Decimal("0.9")).quantize(Decimal("0.01")),
            time_in_force=TimeInForce.POST_ONLY,
        )
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(take_picture(Path(folder)))

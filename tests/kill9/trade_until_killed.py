"""A desk that trades as fast as it can and prints every order it was told of; made to be killed.

python -m tests.kill9.trade_until_killed HOME SEED [--orders N]

With `--orders` it closes in order after so many, if nobody has killed it before.
"""

from __future__ import annotations

import asyncio
import random
import sys
from decimal import Decimal
from pathlib import Path

from engine.errors import DeskError
from engine.local_desk import LocalDesk
from engine.model.order import Order, OrderRequest, OrderType, Side, TimeInForce
from engine.model.program import Binding, Program
from engine.model.signal import PoolLogic, SignalDefinition, SignalPool
from engine.settings import ReplaySettings, Settings
from engine.streams import Bus

PROGRAM_TRADER = 1
MANUAL_TRADER = 3
BUSY_POOL = "busy"
BUSY_PROGRAM = "in and out"
IN_AND_OUT = """
class InAndOut:
    def should_trade(self, data):
        price = data.get_price("BTC")
        if "BTC" in data.positions:
            return Decision("close", "BTC", target_portion_of_balance=1.0, min_price=price * 0.995)
        return Decision("buy", "BTC", target_portion_of_balance=0.1, leverage=2, max_price=price * 1.005)
"""
SETTINGS = Settings(replay=ReplaySettings(speed=600))


async def trade(home: Path, seed: int, most_orders: int | None) -> None:
    desk = await LocalDesk.open(home, SETTINGS, Bus())
    await desk.start()
    await _watch_closely(desk)
    print("ready", flush=True)
    chance = random.Random(seed)
    told = 0
    while most_orders is None or told < most_orders:
        try:
            order = await _one_action(desk, chance)
        except DeskError as error:
            print("refused", error.code, flush=True)
        else:
            if order is not None:
                print("order", order.client_order_id, order.status, flush=True)
                told += 1
        await asyncio.sleep(0)
    await desk.close()


async def _watch_closely(desk: LocalDesk) -> None:
    """Let two programs be woken every few minutes, so that kills fall between fires, decisions and ends."""
    if not any(program.name == BUSY_PROGRAM for program in desk.programs.programs()):
        await desk.programs.save_program(Program(program_id=0, name=BUSY_PROGRAM, code=IN_AND_OUT))
    programs = {program.name: program.program_id for program in desk.programs.programs()}
    if programs[BUSY_PROGRAM] not in {state.binding.program_id for state in desk.programs.bindings()}:
        await desk.programs.save_binding(
            Binding(binding_id=0, trader_id=PROGRAM_TRADER, program_id=programs[BUSY_PROGRAM])
        )
    if any(pool.name == BUSY_POOL for pool in desk.signals.pools()):
        return
    known = {signal.name: signal.signal_id for signal in desk.signals.definitions()}
    members = tuple(
        [
            known.get(condition) or (await desk.signals.save_signal(_named_after_itself(condition))).signal_id
            for condition in ("rsi7 crosses above 50 on 1m", "rsi7 crosses below 50 on 1m")
        ]
    )
    pool = SignalPool(pool_id=0, name=BUSY_POOL, signal_ids=members, logic=PoolLogic.OR)
    busy = await desk.signals.save_pool(pool)
    await desk.signals.listen(PROGRAM_TRADER, (busy.pool_id,))


def _named_after_itself(condition: str) -> SignalDefinition:
    return SignalDefinition(signal_id=0, name=condition, condition=condition)


async def _one_action(desk: LocalDesk, chance: random.Random) -> Order | None:
    open_orders = desk.orders(MANUAL_TRADER)
    if open_orders and chance.random() < 0.3:
        return await desk.cancel_order(chance.choice(open_orders).client_order_id)
    positions = desk.positions(MANUAL_TRADER)
    if positions and chance.random() < 0.2:
        position = chance.choice(positions)
        return await desk.close_position(MANUAL_TRADER, position.symbol, Decimal(chance.choice(["0.5", "1"])))
    tickers = desk.tickers()
    if not tickers:
        return None
    quote = chance.choice(tickers).quote
    instrument = next(found for found in desk.instruments() if found.symbol == quote.symbol)
    side = chance.choice(list(Side))
    limit = chance.random() < 0.5
    offset = Decimal(chance.choice(["0.9995", "1", "1.0005"]))
    return await desk.place_order(
        OrderRequest(
            trader_id=MANUAL_TRADER,
            symbol=quote.symbol,
            side=side,
            type=OrderType.LIMIT if limit else OrderType.MARKET,
            quantity=instrument.round_quantity_down(Decimal(400) / quote.mark),
            price=instrument.round_price(quote.mark * offset) if limit else None,
            time_in_force=chance.choice([TimeInForce.GTC, TimeInForce.IOC]) if limit else TimeInForce.IOC,
            stop_loss=instrument.round_price(quote.mark * (1 - side.sign * Decimal("0.01"))),
        )
    )


if __name__ == "__main__":
    most = int(sys.argv[sys.argv.index("--orders") + 1]) if "--orders" in sys.argv else None
    asyncio.run(trade(Path(sys.argv[1]), int(sys.argv[2]), most))

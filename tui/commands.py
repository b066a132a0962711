"""Commands: what a person tells the desk in words, as frozen values, and their canonical text."""

from __future__ import annotations

import enum
from decimal import Decimal

import msgspec

from engine.model.order import Side, TimeInForce
from engine.model.signal import AlertDirection


class QuantityUnit(enum.StrEnum):
    """What an order's quantity counts."""

    BASE = "base"
    USD = "usd"


class Entry(enum.StrEnum):
    """How an order enters: at the market, at a limit, or once a trigger price is reached."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    TAKE_PROFIT = "take profit"


class PlaceOrder(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Buy or sell; `price` is the limit or trigger price of the `entry`, None at the market."""

    side: Side
    symbol: str
    quantity: Decimal
    unit: QuantityUnit = QuantityUnit.BASE
    entry: Entry = Entry.MARKET
    price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    leverage: int | None = None
    reduce_only: bool = False


class ClosePosition(msgspec.Struct, frozen=True, tag=True):
    """Close a share (above 0, up to 1) of the selected trader's position in a symbol."""

    symbol: str
    fraction: Decimal = Decimal(1)


class CancelOrders(msgspec.Struct, frozen=True, tag=True):
    """Cancel open orders in one symbol, or in all (None): the selected trader's, or everyone's."""

    symbol: str | None = None
    everyone: bool = False


class Flatten(msgspec.Struct, frozen=True, tag=True):
    """Cancel all orders and close all positions of the selected trader, or of everyone."""

    everyone: bool = False


class EngageKillSwitch(msgspec.Struct, frozen=True, tag=True):
    """Stop every entry on the desk."""


class ReleaseKillSwitch(msgspec.Struct, frozen=True, tag=True):
    """Allow entries again."""


class PauseReplay(msgspec.Struct, frozen=True, tag=True):
    """Let the market stand still."""


class ResumeReplay(msgspec.Struct, frozen=True, tag=True):
    """Let the market go on."""


class PauseTrader(msgspec.Struct, frozen=True, tag=True):
    """Stop a trader from deciding."""

    trader: str


class StartTrader(msgspec.Struct, frozen=True, tag=True):
    """Make a trader active."""

    trader: str


class TriggerTrader(msgspec.Struct, frozen=True, tag=True):
    """Wake a trader now, for one symbol or for all of its symbols (None)."""

    trader: str
    symbol: str | None = None


class SelectTrader(msgspec.Struct, frozen=True, tag=True):
    """Select a trader for the panes and for what is ordered next; None selects all."""

    trader: str | None


class SetSpeed(msgspec.Struct, frozen=True, tag=True):
    """Set the replay's speed, 1 to 600 market seconds per second."""

    speed: Decimal


class Step(msgspec.Struct, frozen=True, tag=True):
    """Move a paused replay on by one step."""


class SetTheme(msgspec.Struct, frozen=True, tag=True):
    """Switch the theme."""

    theme: str


class AddPriceAlert(msgspec.Struct, frozen=True, tag=True):
    """Tell the person once the mark price is on that side of a price, or (None) once it gets there."""

    symbol: str
    direction: AlertDirection | None
    price: Decimal


class ShowPriceAlerts(msgspec.Struct, frozen=True, tag=True):
    """Show the price alerts."""


class RemovePriceAlerts(msgspec.Struct, frozen=True, tag=True):
    """Take back one price alert, or all of them (None)."""

    alert_id: int | None


class ShowNews(msgspec.Struct, frozen=True, tag=True):
    """Show news and its sources."""


class SwitchNewsSource(msgspec.Struct, frozen=True, tag=True):
    """Turn a news source on or off."""

    source: str
    enabled: bool


class ShowFactors(msgspec.Struct, frozen=True, tag=True):
    """Show the factors and what they were worth."""


class SaveFactor(msgspec.Struct, frozen=True, tag=True):
    """Keep a factor of one's own under a name, new or in place of the one there is."""

    name: str
    expression: str


class RemoveFactor(msgspec.Struct, frozen=True, tag=True):
    """Delete a factor of one's own."""

    name: str


class ProgramTask(enum.StrEnum):
    """What to do with a program."""

    NEW = "new"
    OPEN = "open"
    BIND = "bind"
    RUN = "run"


class WorkOnProgram(msgspec.Struct, frozen=True, tag=True):
    """Show the programs (no task), start one, or write in, bind or try one; a new one's name can wait."""

    task: ProgramTask | None = None
    program: str = ""


class RunBacktest(msgspec.Struct, frozen=True, tag=True):
    """Show the backtests, or (with a program's name) the dialog that backtests it."""

    program: str = ""


class ShowHelp(msgspec.Struct, frozen=True, tag=True):
    """Open the help screen."""


class Quit(msgspec.Struct, frozen=True, tag=True):
    """End the desk."""


Command = (
    PlaceOrder
    | ClosePosition
    | CancelOrders
    | Flatten
    | EngageKillSwitch
    | ReleaseKillSwitch
    | PauseReplay
    | ResumeReplay
    | PauseTrader
    | StartTrader
    | TriggerTrader
    | SelectTrader
    | SetSpeed
    | Step
    | SetTheme
    | AddPriceAlert
    | ShowPriceAlerts
    | RemovePriceAlerts
    | ShowNews
    | SwitchNewsSource
    | ShowFactors
    | SaveFactor
    | RemoveFactor
    | WorkOnProgram
    | RunBacktest
    | ShowHelp
    | Quit
)

PRICE_KEYWORDS = {"@": "limit price", "stop": "trigger price", "take": "trigger price"}
EXIT_KEYWORDS = {"sl": "stop price", "tp": "take profit price"}
ALIASES = {"touch": "take"}
"""Words that are understood too, each for the one that is offered."""

TIMES_IN_FORCE = {
    "gtc": TimeInForce.GTC,
    "ioc": TimeInForce.IOC,
    "fok": TimeInForce.FOK,
    "post": TimeInForce.POST_ONLY,
}
ORDER_KEYWORDS = (*PRICE_KEYWORDS, *EXIT_KEYWORDS, *TIMES_IN_FORCE, "lev", "reduce")
ALERT_WORDS = {
    ">": AlertDirection.ABOVE,
    "<": AlertDirection.BELOW,
    "crosses": None,
    "above": AlertDirection.ABOVE,
    "below": AlertDirection.BELOW,
}
"""What stands between the symbol and the price of an alert; the first word of a direction is canonical."""

ENTRIES = {"@": Entry.LIMIT, "stop": Entry.STOP, "take": Entry.TAKE_PROFIT}


def format_command(command: Command) -> str:
    """Return the canonical text of a command; parsing it gives the same command."""
    match command:
        case PlaceOrder():
            return _format_order(command)
        case ClosePosition(symbol, fraction):
            share = "" if fraction == 1 else f" {_plain(fraction.scaleb(2))}%"
            return f"close {symbol}{share}"
        case CancelOrders(symbol, everyone):
            what = symbol or ("" if everyone else "all")
            return " ".join(word for word in ("cancel", what, "everyone" if everyone else "") if word)
        case Flatten(everyone):
            return "flatten everyone" if everyone else "flatten"
        case EngageKillSwitch():
            return "kill"
        case ReleaseKillSwitch():
            return "unkill"
        case PauseReplay():
            return "pause"
        case ResumeReplay():
            return "resume"
        case PauseTrader(trader):
            return f"pause {trader}"
        case StartTrader(trader):
            return f"start {trader}"
        case TriggerTrader(trader, symbol):
            return f"trigger {trader}" + (f" {symbol}" if symbol else "")
        case SelectTrader(trader):
            return f"trader {trader or 'all'}"
        case SetSpeed(speed):
            return f"speed {_plain(speed)}"
        case Step():
            return "step"
        case SetTheme(theme):
            return f"theme {theme}"
        case AddPriceAlert(symbol, direction, price):
            word = next(word for word, meant in ALERT_WORDS.items() if meant is direction)
            return f"alert {symbol} {word} {_plain(price)}"
        case ShowPriceAlerts():
            return "alerts"
        case RemovePriceAlerts(alert_id):
            return f"unalert {alert_id or 'all'}"
        case ShowNews():
            return "news"
        case SwitchNewsSource(source, enabled):
            return f"news {'on' if enabled else 'off'} {source}"
        case ShowFactors():
            return "factors"
        case SaveFactor(name, expression):
            return f"factor {name} = {expression}"
        case RemoveFactor(name):
            return f"unfactor {name}"
        case WorkOnProgram(task, program):
            return " ".join(filter(None, ("program", task and task.value, program)))
        case RunBacktest(program):
            return f"backtest {program}".rstrip()
        case ShowHelp():
            return "help"
        case Quit():
            return "quit"


def _format_order(order: PlaceOrder) -> str:
    words = [order.side.value, _plain(order.quantity)]
    if order.unit is QuantityUnit.USD:
        words.append("usd")
    words.append(order.symbol)
    if order.price is not None:
        keyword = next(word for word, entry in ENTRIES.items() if entry is order.entry)
        words += [keyword, _plain(order.price)]
    if order.stop_loss is not None:
        words += ["sl", _plain(order.stop_loss)]
    if order.take_profit is not None:
        words += ["tp", _plain(order.take_profit)]
    if order.time_in_force is not TimeInForce.GTC:
        words.append(next(word for word, tif in TIMES_IN_FORCE.items() if tif is order.time_in_force))
    if order.leverage is not None:
        words += ["lev", str(order.leverage)]
    if order.reduce_only:
        words.append("reduce")
    return " ".join(words)


def _plain(number: Decimal) -> str:
    return f"{number:f}"

"""`nightdesk model`: connections to language models, whether they answer, and what they took.

Exit codes: 0 done, 1 a test failed or the desk could not be opened, 2 a wrong option.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from tui.model_access import add_passphrase_option, connection_named, open_vault
from tui.option_parser import OptionParser, home_option

if TYPE_CHECKING:
    from engine.desk import Desk
    from engine.model.language_model import ConnectionState, Spending

MOST_DAYS = 3_650

EPILOG = """\
examples:
  nightdesk model list
  nightdesk model test "OpenAI" --model gpt-4.1-mini
  nightdesk model spending --days 7

They open the home, which a running desk holds: use its models screen then. A connection's key is set
with: nightdesk key set CONNECTION
"""


def build_model_parser() -> OptionParser:
    """Return the parser of everything behind `nightdesk model`."""
    home = home_option(OptionParser)
    parser = OptionParser(
        prog="nightdesk model",
        description="Language models: where they answer and what they took.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[home],
    )
    commands = parser.add_subparsers(dest="model_command", required=True, metavar="COMMAND")

    def command(name: str, summary: str) -> OptionParser:
        return commands.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", parents=[home]
        )

    command("list", "show the connections of the home and how they stand")
    test = command("test", "ask a model for one word and say what is right or wrong")
    test.add_argument("connection", metavar="CONNECTION", help="a connection's name or number")
    test.add_argument("--model", metavar="NAME", help="default: that of the first trader that uses it")
    add_passphrase_option(test)
    spending = command("spending", "show what models took, by day, trader and connection")
    spending.add_argument("--days", metavar="N", type=int, default=30, help="default 30")
    return parser


def run_model_command(options: argparse.Namespace, home: Path) -> int:
    """Carry out one command; raises `DeskError` for what the caller prints."""
    import asyncio

    from engine.errors import InvalidInput

    if options.model_command == "spending" and not 1 <= options.days <= MOST_DAYS:
        raise InvalidInput.of("--days", options.days, f"1 to {MOST_DAYS}")
    return asyncio.run(_at_home(options, home))


async def _at_home(options: argparse.Namespace, home: Path) -> int:
    from engine.program_files import library
    from engine.settings import load_settings

    async with library(home, load_settings(home)) as desk:
        match options.model_command:
            case "list":
                return _list(desk)
            case "test":
                return await _test(desk, options)
            case _:
                return await _spending(desk, options.days)


def _list(desk: Desk) -> int:
    states = desk.models.connections()
    if not states:
        print("no connections yet; make one on the desk's models screen")
    names = {trader.trader_id: trader.name for trader in desk.roster.configs()}
    for state in states:
        connection = state.connection
        print(f"{connection.connection_id:>3}  {connection.name}  {connection.vendor}  {connection.base_url}")
        users = ", ".join(names.get(trader_id, str(trader_id)) for trader_id in state.traders)
        told = [_key_words(state), state.problem, f"used by {users}" if users else "used by nobody"]
        print(f"       {'; '.join(word for word in told if word)}")
        print(f"       today {_took(state.calls_today, state.tokens_today, state.usd_today)}{_cap(state)}")
    return 0


def _key_words(state: ConnectionState) -> str:
    from engine.model.language_model import KeySource

    if state.connection.key_source is KeySource.NONE:
        return "needs no key"
    return f"key from {state.connection.key_source}" if state.has_key else "no key yet"


def _cap(state: ConnectionState) -> str:
    connection = state.connection
    caps = []
    if connection.daily_usd is not None:
        caps.append(f"{connection.daily_usd:f} USD")
    if connection.daily_tokens is not None:
        caps.append(f"{connection.daily_tokens:,} tokens")
    return f" of {' and '.join(caps)}" if caps else ""


async def _test(desk: Desk, options: argparse.Namespace) -> int:
    connection = connection_named(desk, options.connection)
    model = options.model or _model_in_use(desk, connection.connection_id)
    await open_vault(desk, connection.connection_id, options.passphrase_fd)
    outcome = await desk.models.test_connection(connection, model)
    print(f"{connection.name}: {outcome.message}")
    if outcome.models and not outcome.success:
        print(f"models there: {', '.join(outcome.models)}")
    return 0 if outcome.success else 1


def _model_in_use(desk: Desk, connection_id: int) -> str:
    """Return the model of the first trader on a connection; raises `InvalidInput` where there is none."""
    from engine.errors import InvalidInput

    for trader in desk.roster.configs():
        if trader.connection_id == connection_id and trader.model:
            return trader.model
    raise InvalidInput.of("--model", "nothing", "name the model to ask: no trader uses this connection yet")


async def _spending(desk: Desk, days: int) -> int:
    rows = await desk.models.spending(days)
    traders = {trader.trader_id: trader.name for trader in desk.roster.configs()}
    connections = {
        state.connection.connection_id: state.connection.name for state in desk.models.connections()
    }
    if not rows:
        print(f"nothing was asked in the last {days} days")
        return 0
    for row in rows:
        who = traders.get(row.trader_id, f"trader {row.trader_id}") if row.trader_id else "the desk"
        where = (
            connections.get(row.connection_id, f"connection {row.connection_id}")
            if row.connection_id
            else "rules"
        )
        failed = f", {row.failed_calls:,} failed" if row.failed_calls else ""
        day = datetime.fromtimestamp(row.day_ms / 1000, UTC).strftime("%Y-%m-%d")
        print(f"{day}  {who} on {where}: {_took(row.calls, row.tokens, row.cost_usd)}{failed}")
    print(f"together: {_sum(rows)}")
    return 0


def _sum(rows: tuple[Spending, ...]) -> str:
    cost = sum((row.cost_usd for row in rows), Decimal(0))
    return _took(sum(row.calls for row in rows), sum(row.tokens for row in rows), cost)


def _took(calls: int, tokens: int, usd: Decimal) -> str:
    from engine.text import count

    return f"{count(calls, 'call')}, {tokens:,} tokens, {usd:.4f} USD"

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidOrder, OrderDenied
from engine.model.order import Side, TimeInForce
from engine.model.signal import AlertDirection
from tui.command_line import VERBS, read_command
from tui.command_words import CommandError, Vocabulary
from tui.commands import (
    AddPriceAlert,
    CancelOrders,
    ClosePosition,
    Command,
    EngageKillSwitch,
    Entry,
    Flatten,
    PauseReplay,
    PauseTrader,
    PlaceOrder,
    QuantityUnit,
    Quit,
    ReleaseKillSwitch,
    RemoveFactor,
    RemovePriceAlerts,
    ResumeReplay,
    SaveFactor,
    SelectTrader,
    SetSpeed,
    SetTheme,
    ShowFactors,
    ShowHelp,
    ShowNews,
    ShowPriceAlerts,
    StartTrader,
    Step,
    SwitchNewsSource,
    TriggerTrader,
    format_command,
)

D = Decimal
VOCABULARY = Vocabulary(
    ("BTC", "ETH", "SOL"),
    ("Reversion", "Big Rules", "Manual"),
    ("night", "day"),
    ("CoinDesk", "The Block", "On Chain"),
    ("gap", "stretch20"),
)


def order(side: Side, quantity: str, symbol: str, **options: object) -> PlaceOrder:
    return PlaceOrder(side=side, quantity=D(quantity), symbol=symbol, **options)  # type: ignore[arg-type]


def parse_command(text: str, vocabulary: Vocabulary) -> Command:
    return read_command(text, vocabulary).command


@pytest.mark.parametrize(
    ("text", "command"),
    [
        (
            "buy 0.5 btc @ 67000 sl 66000 tp 70000 post",
            order(
                Side.BUY,
                "0.5",
                "BTC",
                entry=Entry.LIMIT,
                price=D(67000),
                stop_loss=D(66000),
                take_profit=D(70000),
                time_in_force=TimeInForce.POST_ONLY,
            ),
        ),
        ("sell 500 usd eth", order(Side.SELL, "500", "ETH", unit=QuantityUnit.USD)),
        ("SELL 500usd ETH", order(Side.SELL, "500", "ETH", unit=QuantityUnit.USD)),
        ("buy 0.1 btc ioc", order(Side.BUY, "0.1", "BTC", time_in_force=TimeInForce.IOC)),
        ("buy .5 btc @67000", order(Side.BUY, "0.5", "BTC", entry=Entry.LIMIT, price=D(67000))),
        ("buy 0.5 btc stop 68000", order(Side.BUY, "0.5", "BTC", entry=Entry.STOP, price=D(68000))),
        (
            "sell 1 sol touch 150 reduce",
            order(Side.SELL, "1", "SOL", entry=Entry.TAKE_PROFIT, price=D(150), reduce_only=True),
        ),
        ("sell 1 sol take 150", order(Side.SELL, "1", "SOL", entry=Entry.TAKE_PROFIT, price=D(150))),
        ("sell 1,000 usd eth", order(Side.SELL, "1000", "ETH", unit=QuantityUnit.USD)),
        ("buy 1 sol lev 3x", order(Side.BUY, "1", "SOL", leverage=3)),
        ("close btc", ClosePosition("BTC")),
        ("close btc 50%", ClosePosition("BTC", D("0.5"))),
        ("cancel all", CancelOrders()),
        ("cancel btc", CancelOrders("BTC")),
        ("cancel everyone", CancelOrders(everyone=True)),
        ("cancel btc everyone", CancelOrders("BTC", everyone=True)),
        ("flatten", Flatten()),
        ("flatten all", Flatten(everyone=True)),
        ("flatten everyone", Flatten(everyone=True)),
        ("pause", PauseReplay()),
        ("resume", ResumeReplay()),
        ("kill", EngageKillSwitch()),
        ("unkill", ReleaseKillSwitch()),
        ("pause big rules", PauseTrader("Big Rules")),
        ("start Reversion", StartTrader("Reversion")),
        ("trigger reversion", TriggerTrader("Reversion")),
        ("trigger big rules sol", TriggerTrader("Big Rules", "SOL")),
        ("trader manual", SelectTrader("Manual")),
        ("trader all", SelectTrader(None)),
        ("speed 60", SetSpeed(D(60))),
        ("step", Step()),
        ("theme day", SetTheme("day")),
        ("alert btc > 70000", AddPriceAlert("BTC", AlertDirection.ABOVE, D(70000))),
        ("alert btc >70,000", AddPriceAlert("BTC", AlertDirection.ABOVE, D(70000))),
        ("alert btc>70000.5", AddPriceAlert("BTC", AlertDirection.ABOVE, D("70000.5"))),
        ("alert eth below 2400", AddPriceAlert("ETH", AlertDirection.BELOW, D(2400))),
        ("alert sol Above 150", AddPriceAlert("SOL", AlertDirection.ABOVE, D(150))),
        ("alert btc crosses 70000", AddPriceAlert("BTC", None, D(70000))),
        ("alerts", ShowPriceAlerts()),
        ("unalert 3", RemovePriceAlerts(3)),
        ("unalert #3", RemovePriceAlerts(3)),
        ("unalert all", RemovePriceAlerts(None)),
        ("news", ShowNews()),
        ("NEWS ON coindesk", SwitchNewsSource("CoinDesk", enabled=True)),
        ("news off the  block", SwitchNewsSource("The Block", enabled=False)),
        ("news on on chain", SwitchNewsSource("On Chain", enabled=True)),
        ("factors", ShowFactors()),
        ("factor Gap = close / open - 1", SaveFactor("gap", "close / open - 1")),
        ("factor gap=close>=open", SaveFactor("gap", "close>=open")),
        ("factor gap  =  ema(close,  5) ", SaveFactor("gap", "ema(close,  5)")),
        ("unfactor GAP", RemoveFactor("gap")),
        ("  help ", ShowHelp()),
        ("quit", Quit()),
    ],
)
def test_reads_a_command(text: str, command: Command) -> None:
    assert parse_command(text, VOCABULARY) == command


def test_a_quantity_is_exact() -> None:
    parsed = parse_command("buy 0.1000000000000000000001 btc", VOCABULARY)
    assert isinstance(parsed, PlaceOrder)
    assert parsed.quantity == D("0.1000000000000000000001")


@pytest.mark.parametrize(
    ("text", "word", "says"),
    [
        ("buy 0,5 btc", "0,5", "0,5 is not a quantity; use a point"),
        ("buy 0 btc", "0", "not a quantity"),
        ("buy -1 btc", "-1", "not a quantity"),
        ("buy nan btc", "nan", "not a quantity"),
        ("buy 1e5 btc", "1e5", "not a quantity"),
        ("buy ٣ btc", "٣", "not a quantity"),
        ("buy 1 doge", "doge", "it is one of BTC, ETH, SOL"),
        ("buy 1 btc @ free", "free", "free is not a price"),
        ("buy 1 btc maybe", "maybe", "maybe is not an order option"),
        ("buy 1 btc post", "post", "post needs a limit price"),
        ("buy 1 btc stop 70000 ioc", "ioc", "does not go with stop"),
        ("buy 1 btc @ 1 stop 2", "stop", "stop does not go with @"),
        ("buy 1 btc ioc ioc", "ioc", "ioc is given twice"),
        ("buy 1 btc lev 0", "0", "whole number from 1"),
        ("buy 1 btc lev 2.5", "2.5", "whole number from 1"),
        ("close btc 0%", "0%", "not a share"),
        ("close btc 101%", "101%", "up to 100%"),
        ("close btc 0.5", "0.5", "such as 50%"),
        ("buy 0,500 btc", "0,500", "use a point"),
        ("buy 12,34 btc", "12,34", "use a point"),
        ("speed 601", "601", "allowed is 1 to 600"),
        ("alert doge > 1", "doge", "it is one of BTC, ETH, SOL"),
        ("alert btc 70000", "70000", "70000 is not a side of the price; it is one of > < crosses"),
        ("alert btc > 0", "0", "0 is not a price"),
        ("alert btc > -5", "-5", "not a price"),
        ("alert btc >= 5", "=", "= is not a price"),
        ("alert btc>7e4", "7e4", "not a price"),
        ("alert btc > 70,00", "70,00", "use a point"),
        ("alert btc > 1 2", "2", "the command is alert SYMBOL"),
        ("unalert 0", "0", "give its number such as 3, or all"),
        ("unalert btc", "btc", "give its number such as 3, or all"),
        ("news maybe", "maybe", "say news, news on NAME or news off NAME"),
        ("news on nowhere", "nowhere", "it is one of CoinDesk, The Block, On Chain"),
        ("factor a b = close", "a b", "a b is not a factor's name"),
        ("factor = close", "=", "= is not a factor's name"),
        ("unfactor rsi14", "rsi14", "it is one of gap, stretch20"),
        ("unfactor gap now", "now", "the command is unfactor NAME"),
        ("pause nobody", "nobody", "Reversion, Big Rules, Manual"),
        ("theme pink", "pink", "night, day"),
        ("flatten now", "now", "the command is flatten [everyone]"),
        ("bye 1 btc", "bye", "it is one of buy, sell"),
    ],
)
def test_an_error_points_at_the_word_and_says_what_is_allowed(text: str, word: str, says: str) -> None:
    with pytest.raises(CommandError, match=re.escape(says)) as caught:
        parse_command(text, VOCABULARY)
    assert text[caught.value.start : caught.value.end] == word


@pytest.mark.parametrize(
    "text",
    [
        "",
        "buy",
        "buy 1",
        "buy 1 btc @",
        "close",
        "trigger",
        "speed",
        "cancel",
        "alert",
        "alert btc",
        "alert btc >",
        "unalert",
        "news on",
        "factor",
        "factor gap",
        "factor gap =",
        "unfactor",
    ],
)
def test_what_is_missing_is_missing_at_the_end(text: str) -> None:
    with pytest.raises(CommandError, match="missing") as caught:
        parse_command(text, VOCABULARY)
    assert caught.value.start == caught.value.end == len(text)


@given(st.text(max_size=500))
def test_any_text_is_a_command_or_an_error_inside_the_text(text: str) -> None:
    check_any_text(text)


_words = st.sampled_from(
    [
        *VERBS,
        "0.5",
        "0,5",
        "usd",
        "btc",
        "@",
        "@1",
        "sl",
        "tp",
        "stop",
        "post",
        "ioc",
        "lev",
        "3",
        "50%",
        "all",
        ">",
        "btc<5",
        "crosses",
        "big",
        "rules",
        "on",
        "coindesk",
        "gap",
        "=",
        "gap=1",
    ]
)


@given(st.lists(_words, max_size=10).map(" ".join))
def test_any_words_of_the_language_are_a_command_or_an_error_inside_the_text(text: str) -> None:
    check_any_text(text)


def check_any_text(text: str) -> None:
    outcome = parsed_or_refused(text)
    if isinstance(outcome, CommandError):
        assert 0 <= outcome.start <= outcome.end <= len(text)
        assert outcome.message
    else:
        assert parse_command(format_command(outcome), VOCABULARY) == outcome


def parsed_or_refused(text: str) -> Command | CommandError:
    try:
        return parse_command(text, VOCABULARY)
    except CommandError as error:
        return error


_numbers = st.decimals(min_value=D("0.00000001"), max_value=D(10**9), places=8)
_symbols = st.sampled_from(VOCABULARY.symbols)
_traders = st.sampled_from(VOCABULARY.traders)


@st.composite
def place_orders(draw: st.DrawFn) -> PlaceOrder:
    entry = draw(st.sampled_from(Entry))
    times = {
        Entry.MARKET: [TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK],
        Entry.LIMIT: list(TimeInForce),
    }.get(entry, [TimeInForce.GTC])
    return PlaceOrder(
        side=draw(st.sampled_from(Side)),
        symbol=draw(_symbols),
        quantity=draw(_numbers),
        unit=draw(st.sampled_from(QuantityUnit)),
        entry=entry,
        price=None if entry is Entry.MARKET else draw(_numbers),
        time_in_force=draw(st.sampled_from(times)),
        stop_loss=draw(st.none() | _numbers),
        take_profit=draw(st.none() | _numbers),
        leverage=draw(st.none() | st.integers(1, 125)),
        reduce_only=draw(st.booleans()),
    )


_commands: st.SearchStrategy[Command] = st.one_of(
    place_orders(),
    st.builds(ClosePosition, _symbols, st.decimals(D("0.0001"), D(1), places=4)),
    st.builds(CancelOrders, st.none() | _symbols, st.booleans()),
    st.builds(PauseTrader, _traders),
    st.builds(StartTrader, _traders),
    st.builds(TriggerTrader, _traders, st.none() | _symbols),
    st.builds(SelectTrader, st.none() | _traders),
    st.builds(SetSpeed, st.decimals(D(1), D(600), places=2)),
    st.builds(SetTheme, st.sampled_from(VOCABULARY.themes)),
    st.builds(Flatten, st.booleans()),
    st.builds(AddPriceAlert, _symbols, st.none() | st.sampled_from(AlertDirection), _numbers),
    st.builds(SwitchNewsSource, st.sampled_from(VOCABULARY.sources), st.booleans()),
    st.builds(
        SaveFactor,
        st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True),
        st.lists(_words.filter(lambda word: "@" not in word), min_size=1, max_size=8).map("  ".join),
    ),
    st.builds(RemoveFactor, st.sampled_from(VOCABULARY.factors)),
    st.builds(RemovePriceAlerts, st.none() | st.integers(1, 999_999_999)),
    st.sampled_from(
        [
            PauseReplay(),
            ResumeReplay(),
            EngageKillSwitch(),
            ReleaseKillSwitch(),
            Step(),
            ShowNews(),
            ShowFactors(),
            ShowPriceAlerts(),
            ShowHelp(),
            Quit(),
        ]
    ),
)


@given(_commands)
def test_a_formatted_command_reads_back_as_itself(command: Command) -> None:
    assert parse_command(format_command(command), VOCABULARY) == command


@pytest.mark.parametrize(
    ("text", "field", "word"),
    [
        ("buy 1000000 usd btc", "quantity", "1000000"),
        ("buy 1 btc @ 60000 sl 69000", "stop_loss", "sl 69000"),
        ("buy 1 btc @ 60000 tp 50000", "take_profit", "tp 50000"),
        ("buy 1 btc @60000.05", "price", "60000.05"),
        ("buy 1 btc stop 1", "trigger_price", "1"),
        ("sell 0.1 sol reduce", "reduce_only", "reduce"),
        ("buy 1 btc lev 60", "leverage", "lev 60"),
        ("buy 1 btc @ 1 post", "time_in_force", "post"),
        ("buy 1 btc", "client_order_id", "buy"),
        ("kill", "", "kill"),
        ("factor gap = close / opn", "expression", "close / opn"),
        ("factor gap=1", "name", "gap"),
        ("unfactor gap", "factor", "gap"),
        ("news on the block", "source", "the block"),
    ],
)
def test_a_refusal_of_the_desk_points_at_the_words_of_its_field(text: str, field: str, word: str) -> None:
    start, end = read_command(text, VOCABULARY).place_to_blame(InvalidOrder("no", field=field))
    assert text[start:end] == word


def test_a_refusal_without_a_field_points_at_what_its_reason_is_about() -> None:
    reading = read_command("buy 1 eth", VOCABULARY)
    assert reading.place_to_blame(OrderDenied("no", reason="positions")) == (6, 9)
    assert reading.place_to_blame(OrderDenied("no", reason="kill_switch")) == (0, 3)

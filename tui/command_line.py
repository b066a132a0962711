"""The command line's language: a text in, one frozen command out, or an error that points at the word.

Pure: nothing here knows the screen or the desk. What can be named (symbols, traders, themes) comes
in as a `Vocabulary`. The grammar, words in any letter case::

    buy|sell QUANTITY [usd] SYMBOL  [@ PRICE] [stop PRICE | touch PRICE] [sl PRICE] [tp PRICE]
                                    [gtc|ioc|fok|post] [lev N] [reduce]
    close SYMBOL [PERCENT%]         cancel all|SYMBOL       flatten     kill     unkill
    pause NAME   start NAME   trigger NAME [SYMBOL]   trader NAME|all
    speed N      step         theme NAME     help     quit

`tui.commands.format_command` writes a command in its canonical form; parsing that gives it back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from engine.errors import InvalidInput
from engine.model.order import Side, TimeInForce
from tui.commands import (
    ENTRIES,
    EXIT_KEYWORDS,
    ORDER_KEYWORDS,
    PRICE_KEYWORDS,
    TIMES_IN_FORCE,
    CancelOrders,
    ClosePosition,
    Command,
    EngageKillSwitch,
    Entry,
    Flatten,
    PauseTrader,
    PlaceOrder,
    QuantityUnit,
    Quit,
    ReleaseKillSwitch,
    SelectTrader,
    SetSpeed,
    SetTheme,
    ShowHelp,
    StartTrader,
    Step,
    TriggerTrader,
)

MAX_NUMBER_LENGTH = 24
MAX_LEVERAGE = 125
MAX_TEXT_LENGTH = 400

_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)\Z", re.ASCII)
_WORD = re.compile(r"\S+")


class Vocabulary(msgspec.Struct, frozen=True):
    """What commands can name: symbols, trader names and themes, each spelled as the desk spells it."""

    symbols: tuple[str, ...] = ()
    traders: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()


class Word(NamedTuple):
    """One word of the text and where it stands."""

    text: str
    start: int
    end: int


class CommandError(InvalidInput):
    """A command that cannot be understood; `start` and `end` enclose the word to blame."""

    code = "invalid_input"

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message, field="command", value="", allowed="")
        self.start = start
        self.end = end


class Verb(msgspec.Struct, frozen=True):
    """One verb of the language: how it is used, what it does, and who reads the words after it."""

    usage: str
    help: str
    read: Callable[[Reader], Command]


def parse_command(text: str, vocabulary: Vocabulary) -> Command:
    """Return the command that `text` says, or raise `CommandError` with the word to blame."""
    if len(text) > MAX_TEXT_LENGTH:
        raise CommandError(
            f"the command is longer than {MAX_TEXT_LENGTH} characters", MAX_TEXT_LENGTH, len(text)
        )
    reader = Reader(text, vocabulary)
    word = reader.take("a command", "type one, such as buy 0.5 btc, or help")
    verb = VERBS.get(word.text.casefold())
    if verb is None:
        raise refusal(word, "a command", f"it is one of {', '.join(VERBS)}")
    command = verb.read(reader)
    reader.expect_end(verb.usage)
    return command


class Reader:
    """Takes a text apart word by word; every complaint points at the word it is about."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._words = split_words(text)
        self._length = len(text)
        self._next = 0

    @property
    def following(self) -> Word | None:
        """The word to be read next, if there is one."""
        return self._words[self._next] if self._next < len(self._words) else None

    def take(self, what: str, allowed: str) -> Word:
        """Return the next word, or complain that it is missing."""
        word = self.following
        if word is None:
            raise CommandError(f"{what} is missing here; {allowed}", self._length, self._length)
        self._next += 1
        return word

    def take_rest(self, what: str, allowed: str) -> Word:
        """Return all words that are left as one, or complain that there is none."""
        first = self.take(what, allowed)
        rest = self._words[self._next :]
        self._next = len(self._words)
        if not rest:
            return first
        joined = " ".join(word.text for word in (first, *rest))
        return Word(joined, first.start, rest[-1].end)

    def expect_end(self, usage: str) -> None:
        """Complain if words are left over."""
        if (word := self.following) is not None:
            raise refusal(word, "expected here", f"the command is {usage}")

    def symbol(self) -> str:
        """Take a symbol."""
        symbols = self.vocabulary.symbols
        word = self.take("a symbol", _one_of(symbols))
        return _named(word, symbols, "a symbol")

    def trader(self) -> str:
        """Take everything that is left as a trader's name."""
        traders = self.vocabulary.traders
        return _named(self.take_rest("a trader's name", _one_of(traders)), traders, "a trader")

    def price(self, what: str) -> Decimal:
        """Take a price."""
        allowed = "give a number above 0 such as 67000 or 0.25"
        return parse_number(self.take(f"the {what}", allowed), "a price", allowed)


def split_words(text: str) -> tuple[Word, ...]:
    """Return the words of a text with their places; `@67000` is two words."""
    words: list[Word] = []
    for match in _WORD.finditer(text):
        word, start, end = match.group(), match.start(), match.end()
        if word.startswith("@") and len(word) > 1:
            words.append(Word("@", start, start + 1))
            word, start = word[1:], start + 1
        words.append(Word(word, start, end))
    return tuple(words)


def parse_number(word: Word, what: str, allowed: str) -> Decimal:
    """Return a plain positive decimal number, exactly, or raise `CommandError`."""
    if len(word.text) > MAX_NUMBER_LENGTH or not _NUMBER.match(word.text):
        raise refusal(word, what, allowed)
    number = Decimal(word.text)
    if number <= 0:
        raise refusal(word, what, allowed)
    return number


def refusal(word: Word, what: str, allowed: str) -> CommandError:
    """Build the error with the one sentence shape of the command line."""
    shown = word.text if len(word.text) <= 24 else word.text[:23] + "…"
    return CommandError(f"{shown} is not {what}; {allowed}", word.start, word.end)


def _read_order(side: Side) -> Callable[[Reader], PlaceOrder]:
    def read(reader: Reader) -> PlaceOrder:
        quantity, unit = _read_quantity(reader)
        symbol = reader.symbol()
        return _read_options(reader, PlaceOrder(side=side, symbol=symbol, quantity=quantity, unit=unit))

    return read


def _read_quantity(reader: Reader) -> tuple[Decimal, QuantityUnit]:
    allowed = "give a number with a point, above 0, such as 0.5, or an amount such as 500 usd"
    word = reader.take("the quantity", allowed)
    unit = QuantityUnit.BASE
    if word.text.casefold().endswith("usd") and len(word.text) > 3:
        word, unit = Word(word.text[:-3], word.start, word.end), QuantityUnit.USD
    quantity = parse_number(word, "a quantity", allowed)
    following = reader.following
    if unit is QuantityUnit.BASE and following is not None and following.text.casefold() == "usd":
        reader.take("", "")
        unit = QuantityUnit.USD
    return quantity, unit


def _read_options(reader: Reader, order: PlaceOrder) -> PlaceOrder:
    seen: dict[str, Word] = {}
    while reader.following is not None:
        word = reader.take("", "")
        keyword = word.text.casefold()
        if keyword not in ORDER_KEYWORDS:
            raise refusal(word, "an order option", f"it is one of {' '.join(ORDER_KEYWORDS)}")
        group = _option_group(keyword)
        if group in seen:
            other = seen[group].text.casefold()
            said = "is given twice" if other == keyword else f"does not go with {other}"
            raise CommandError(f"{keyword} {said}; give one of them", word.start, word.end)
        seen[group] = word
        order = _with_option(reader, order, keyword)
    _check_time_in_force(order, seen)
    return order


def _option_group(keyword: str) -> str:
    """Return the name under which a keyword excludes others."""
    if keyword in PRICE_KEYWORDS:
        return "entry"
    return "time in force" if keyword in TIMES_IN_FORCE else keyword


def _with_option(reader: Reader, order: PlaceOrder, keyword: str) -> PlaceOrder:
    replace = msgspec.structs.replace
    if keyword in PRICE_KEYWORDS:
        price = reader.price(PRICE_KEYWORDS[keyword])
        return replace(order, entry=ENTRIES[keyword], price=price)
    if keyword == "sl":
        return replace(order, stop_loss=reader.price(EXIT_KEYWORDS["sl"]))
    if keyword == "tp":
        return replace(order, take_profit=reader.price(EXIT_KEYWORDS["tp"]))
    if keyword == "lev":
        return replace(order, leverage=_read_leverage(reader))
    if keyword == "reduce":
        return replace(order, reduce_only=True)
    return replace(order, time_in_force=TIMES_IN_FORCE[keyword])


def _read_leverage(reader: Reader) -> int:
    allowed = f"give a whole number from 1 to {MAX_LEVERAGE}"
    word = reader.take("the leverage", allowed)
    digits = word.text.casefold().removesuffix("x")
    if not (digits.isascii() and digits.isdecimal()) or not 1 <= len(digits) <= 3:
        raise refusal(word, "a leverage", allowed)
    if not 1 <= int(digits) <= MAX_LEVERAGE:
        raise refusal(word, "a leverage", allowed)
    return int(digits)


def _check_time_in_force(order: PlaceOrder, seen: dict[str, Word]) -> None:
    word = seen.get("time in force")
    if word is None:
        return
    if order.time_in_force is TimeInForce.POST_ONLY and order.entry is not Entry.LIMIT:
        raise CommandError("post needs a limit price; add @ PRICE", word.start, word.end)
    if order.entry in (Entry.STOP, Entry.TOUCH) and order.time_in_force is not TimeInForce.GTC:
        raise CommandError(
            f"{word.text} does not go with {order.entry}; it waits for its trigger price",
            word.start,
            word.end,
        )


def _read_close(reader: Reader) -> ClosePosition:
    symbol = reader.symbol()
    if reader.following is None:
        return ClosePosition(symbol)
    allowed = "give a share above 0% up to 100%, such as 50%"
    word = reader.take("the share", allowed)
    if not word.text.endswith("%"):
        raise refusal(word, "a share", allowed)
    percent = parse_number(Word(word.text[:-1], word.start, word.end), "a share", allowed)
    if percent > 100:
        raise refusal(word, "a share", allowed)
    return ClosePosition(symbol, percent.scaleb(-2))


def _read_cancel(reader: Reader) -> CancelOrders:
    allowed = f"say cancel all, or a symbol: {_one_of(reader.vocabulary.symbols)}"
    word = reader.take("what to cancel", allowed)
    if word.text.casefold() == "all":
        return CancelOrders()
    return CancelOrders(_named(word, reader.vocabulary.symbols, "a symbol or all"))


def _read_trigger(reader: Reader) -> TriggerTrader:
    vocabulary = reader.vocabulary
    rest = reader.take_rest("a trader's name", _one_of(vocabulary.traders))
    whole = _find(rest.text, vocabulary.traders)
    name, _, last = rest.text.rpartition(" ")
    symbol = _find(last, vocabulary.symbols)
    if whole is not None or not name or symbol is None:
        return TriggerTrader(_named(rest, vocabulary.traders, "a trader"))
    return TriggerTrader(_named(Word(name, rest.start, rest.end), vocabulary.traders, "a trader"), symbol)


def _read_select(reader: Reader) -> SelectTrader:
    following = reader.following
    if following is not None and following.text.casefold() == "all":
        reader.take("", "")
        return SelectTrader(None)
    return SelectTrader(reader.trader())


def _read_speed(reader: Reader) -> SetSpeed:
    allowed = "give a number from 1 to 600, such as 60"
    word = reader.take("the speed", allowed)
    digits = Word(word.text.removesuffix("x").removesuffix("×"), word.start, word.end)
    speed = parse_number(digits, "a speed", allowed)
    if not 1 <= speed <= 600:
        raise refusal(word, "a speed", allowed)
    return SetSpeed(speed)


def _read_theme(reader: Reader) -> SetTheme:
    themes = reader.vocabulary.themes
    return SetTheme(_named(reader.take("a theme", _one_of(themes)), themes, "a theme"))


VERBS: dict[str, Verb] = {
    "buy": Verb(
        "buy QUANTITY [usd] SYMBOL [@ PRICE] [options]", "buy, or open a long", _read_order(Side.BUY)
    ),
    "sell": Verb(
        "sell QUANTITY [usd] SYMBOL [@ PRICE] [options]", "sell, or open a short", _read_order(Side.SELL)
    ),
    "close": Verb("close SYMBOL [PERCENT%]", "close a position, or a share of it", _read_close),
    "cancel": Verb("cancel all|SYMBOL", "cancel open orders", _read_cancel),
    "flatten": Verb("flatten", "cancel all orders and close all positions", lambda _: Flatten()),
    "kill": Verb("kill", "stop every entry on the desk", lambda _: EngageKillSwitch()),
    "unkill": Verb("unkill", "allow entries again", lambda _: ReleaseKillSwitch()),
    "pause": Verb("pause NAME", "stop a trader from deciding", lambda reader: PauseTrader(reader.trader())),
    "start": Verb("start NAME", "make a trader active", lambda reader: StartTrader(reader.trader())),
    "trigger": Verb("trigger NAME [SYMBOL]", "let a trader decide now", _read_trigger),
    "trader": Verb("trader NAME|all", "select a trader", _read_select),
    "speed": Verb("speed N", "set the replay's speed, 1 to 600", _read_speed),
    "step": Verb("step", "move a paused replay on", lambda _: Step()),
    "theme": Verb("theme NAME", "switch the theme", _read_theme),
    "help": Verb("help", "show keys and commands", lambda _: ShowHelp()),
    "quit": Verb("quit", "end the desk", lambda _: Quit()),
}


def _find(text: str, names: Sequence[str]) -> str | None:
    wanted = " ".join(text.split()).casefold()
    return next((name for name in names if " ".join(name.split()).casefold() == wanted), None)


def _named(word: Word, names: Sequence[str], what: str) -> str:
    found = _find(word.text, names)
    if found is None:
        raise refusal(word, what, _one_of(names))
    return found


def _one_of(names: Sequence[str]) -> str:
    if not names:
        return "the desk is still starting"
    listed = ", ".join(names[:8])
    return f"it is one of {listed}" + (" …" if len(names) > 8 else "")

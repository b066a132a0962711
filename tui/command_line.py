"""The command line's language: a text in, one frozen command out, or an error that points at the word.

Pure: nothing here knows the screen or the desk. What can be named (symbols, traders, themes) comes
in as a `Vocabulary`. The grammar, words in any letter case::

    buy|sell QUANTITY [usd] SYMBOL  [@ PRICE] [stop PRICE | take PRICE] [sl PRICE] [tp PRICE]
                                    [gtc|ioc|fok|post] [lev N] [reduce]
    close SYMBOL [PERCENT%]   cancel all|SYMBOL [everyone]   flatten [everyone]   kill   unkill
    pause NAME   start NAME   trigger NAME [SYMBOL]   trader NAME|all
    pause        resume       speed N      step         theme NAME     help     quit
    alert SYMBOL >|<|crosses PRICE         alerts       unalert ID|all
    news [on|off NAME]   factors   factor NAME = EXPRESSION   unfactor NAME
    program [new [NAME] | open|bind|run NAME]      backtest [PROGRAM]

`tui.commands.format_command` writes a command in its canonical form; parsing that gives it back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

import msgspec

from engine.errors import DeskError, InvalidSetting
from engine.model.order import Side, TimeInForce
from engine.settings import check_speed
from tui.command_words import (
    MAX_TEXT_LENGTH,
    CommandError,
    Place,
    Reader,
    Vocabulary,
    Word,
    find_name,
    named,
    one_of,
    parse_number,
    refusal,
)
from tui.commands import (
    ALERT_WORDS,
    ALIASES,
    ENTRIES,
    EXIT_KEYWORDS,
    ORDER_KEYWORDS,
    PRICE_KEYWORDS,
    TIMES_IN_FORCE,
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
    ProgramTask,
    QuantityUnit,
    Quit,
    ReleaseKillSwitch,
    RemoveFactor,
    RemovePriceAlerts,
    ResumeReplay,
    RunBacktest,
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
    WorkOnProgram,
)

MAX_LEVERAGE = 125
MAX_ALERT_DIGITS = 9

EVERYONE = "everyone"


class Reading(msgspec.Struct, frozen=True):
    """A command as read, and where in the text each of its fields was said; `verb` is always there."""

    command: Command
    places: Mapping[str, Place]

    def place_to_blame(self, error: DeskError) -> Place:
        """Return the words an error of the desk is about: its field's, or else the verb."""
        field = error.details.get("field", "")
        return (
            self.places.get(_FIELD_OF_REASON.get(error.details.get("reason", ""), field))
            or (self.places["verb"])
        )


_FIELD_OF_REASON = {"positions": "symbol", "stale_data": "symbol", "notional": "quantity"}


class Verb(msgspec.Struct, frozen=True):
    """One verb of the language: how it is used, what it does, and who reads the words after it."""

    usage: str
    help: str
    read: Callable[[Reader], Command]


def read_command(text: str, vocabulary: Vocabulary) -> Reading:
    """Return the command that `text` says and where it says what; raises `CommandError`."""
    if len(text) > MAX_TEXT_LENGTH:
        raise CommandError(
            f"the command is longer than {MAX_TEXT_LENGTH} characters", MAX_TEXT_LENGTH, len(text)
        )
    reader = Reader(text, vocabulary)
    word = reader.take("a command", "type one, such as buy 0.5 btc, or help")
    verb = VERBS.get(word.text.casefold())
    if verb is None:
        raise refusal(word, "a command", f"it is one of {', '.join(VERBS)}")
    reader.note("verb", word)
    command = verb.read(reader)
    reader.expect_end(verb.usage)
    return Reading(command, reader.places)


def _read_order(side: Side) -> Callable[[Reader], PlaceOrder]:
    def read(reader: Reader) -> PlaceOrder:
        quantity, unit = _read_quantity(reader)
        symbol = reader.symbol()
        return _read_options(reader, PlaceOrder(side=side, symbol=symbol, quantity=quantity, unit=unit))

    return read


def _read_quantity(reader: Reader) -> tuple[Decimal, QuantityUnit]:
    allowed = "give a number with a point, above 0, such as 0.5, or an amount such as 500 usd"
    word = reader.take("the quantity", allowed)
    reader.note("quantity", word)
    unit = QuantityUnit.BASE
    if word.text.casefold().endswith("usd") and len(word.text) > 3:
        word, unit = Word(word.text[:-3], word.start, word.end), QuantityUnit.USD
    quantity = parse_number(word, "a quantity", allowed)
    if unit is QuantityUnit.BASE and reader.takes_keyword("usd"):
        unit = QuantityUnit.USD
    return quantity, unit


def _read_options(reader: Reader, order: PlaceOrder) -> PlaceOrder:
    seen: dict[str, Word] = {}
    while reader.following is not None:
        word = reader.take("", "")
        keyword = ALIASES.get(word.text.casefold(), word.text.casefold())
        if keyword not in ORDER_KEYWORDS:
            raise refusal(word, "an order option", f"it is one of {' '.join(ORDER_KEYWORDS)}")
        group = _option_group(keyword)
        if group in seen:
            other = seen[group].text.casefold()
            said = "is given twice" if other == keyword else f"does not go with {other}"
            raise CommandError(f"{keyword} {said}; give one of them", word.start, word.end)
        seen[group] = word
        reader.note(_FIELD_OF_OPTION.get(group, "type"), word)
        order = _with_option(reader, order, keyword)
    _check_time_in_force(order, seen)
    return order


_FIELD_OF_OPTION = {
    "time in force": "time_in_force",
    "sl": "stop_loss",
    "tp": "take_profit",
    "lev": "leverage",
    "reduce": "reduce_only",
}


def _option_group(keyword: str) -> str:
    """Return the name under which a keyword excludes others."""
    if keyword in PRICE_KEYWORDS:
        return "entry"
    return "time in force" if keyword in TIMES_IN_FORCE else keyword


def _with_option(reader: Reader, order: PlaceOrder, keyword: str) -> PlaceOrder:
    replace = msgspec.structs.replace
    if keyword in PRICE_KEYWORDS:
        field = "price" if keyword == "@" else "trigger_price"
        price = reader.price(PRICE_KEYWORDS[keyword], field)
        return replace(order, entry=ENTRIES[keyword], price=price)
    if keyword == "sl":
        return replace(order, stop_loss=reader.price(EXIT_KEYWORDS["sl"], "stop_loss"))
    if keyword == "tp":
        return replace(order, take_profit=reader.price(EXIT_KEYWORDS["tp"], "take_profit"))
    if keyword == "lev":
        return replace(order, leverage=_read_leverage(reader))
    if keyword == "reduce":
        return replace(order, reduce_only=True)
    return replace(order, time_in_force=TIMES_IN_FORCE[keyword])


def _read_leverage(reader: Reader) -> int:
    allowed = f"give a whole number from 1 to {MAX_LEVERAGE}"
    word = reader.take("the leverage", allowed)
    reader.note("leverage", word)
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
    if order.entry in (Entry.STOP, Entry.TAKE_PROFIT) and order.time_in_force is not TimeInForce.GTC:
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
    reader.note("fraction", word)
    if not word.text.endswith("%"):
        raise refusal(word, "a share", allowed)
    percent = parse_number(Word(word.text[:-1], word.start, word.end), "a share", allowed)
    if percent > 100:
        raise refusal(word, "a share", allowed)
    return ClosePosition(symbol, percent.scaleb(-2))


def _read_cancel(reader: Reader) -> CancelOrders:
    symbols = reader.vocabulary.symbols
    if reader.takes_keyword(EVERYONE):
        return CancelOrders(everyone=True)
    allowed = f"say cancel all, cancel everyone, or a symbol: {one_of(symbols)}"
    word = reader.take("what to cancel", allowed)
    reader.note("symbol", word)
    is_all = word.text.casefold() == "all"
    symbol = None if is_all else named(word, symbols, "a symbol, all or everyone")
    return CancelOrders(symbol, reader.takes_keyword(EVERYONE))


def _read_flatten(reader: Reader) -> Flatten:
    return Flatten(reader.takes_keyword(EVERYONE) or reader.takes_keyword("all"))


def _read_pause(reader: Reader) -> PauseReplay | PauseTrader:
    return PauseReplay() if reader.following is None else PauseTrader(reader.trader())


def _read_trigger(reader: Reader) -> TriggerTrader:
    vocabulary = reader.vocabulary
    rest = reader.take_rest("a trader's name", one_of(vocabulary.traders))
    whole = find_name(rest.text, vocabulary.traders)
    name, _, last = rest.text.rpartition(" ")
    symbol = find_name(last, vocabulary.symbols)
    if whole is not None or not name or symbol is None:
        return TriggerTrader(named(rest, vocabulary.traders, "a trader"))
    return TriggerTrader(named(Word(name, rest.start, rest.end), vocabulary.traders, "a trader"), symbol)


def _read_select(reader: Reader) -> SelectTrader:
    return SelectTrader(None if reader.takes_keyword("all") else reader.trader())


def _read_speed(reader: Reader) -> SetSpeed:
    allowed = "give a number such as 60"
    word = reader.take("the speed", allowed)
    digits = Word(word.text.removesuffix("x").removesuffix("×"), word.start, word.end)
    speed = parse_number(digits, "a speed", allowed)
    try:
        check_speed(float(speed))
    except InvalidSetting as error:
        raise refusal(word, "a speed", error.details["allowed"]) from error
    return SetSpeed(speed)


def _read_theme(reader: Reader) -> SetTheme:
    themes = reader.vocabulary.themes
    return SetTheme(named(reader.take("a theme", one_of(themes)), themes, "a theme"))


def _read_alert(reader: Reader) -> AddPriceAlert:
    reader.part_at("<>")
    symbol = reader.symbol()
    allowed = f"it is one of {' '.join(ALERT_WORDS)}"
    word = reader.take("the side of the price", allowed)
    if word.text.casefold() not in ALERT_WORDS:
        raise refusal(word, "a side of the price", allowed)
    reader.note("direction", word)
    return AddPriceAlert(symbol, ALERT_WORDS[word.text.casefold()], reader.price("price", "price"))


def _read_unalert(reader: Reader) -> RemovePriceAlerts:
    if reader.takes_keyword("all"):
        return RemovePriceAlerts(None)
    allowed = "give its number such as 3, or all"
    word = reader.take("which alert", allowed)
    reader.note("alert_id", word)
    digits = word.text.removeprefix("#")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= MAX_ALERT_DIGITS and int(digits)):
        raise refusal(word, "an alert", allowed)
    return RemovePriceAlerts(int(digits))


def _read_news(reader: Reader) -> ShowNews | SwitchNewsSource:
    if reader.following is None:
        return ShowNews()
    enabled = reader.takes_keyword("on")
    if not enabled and not reader.takes_keyword("off"):
        raise refusal(reader.following, "expected here", "say news, news on NAME or news off NAME")
    sources = reader.vocabulary.sources
    word = reader.take_rest("a source's name", one_of(sources))
    reader.note("source", word)
    return SwitchNewsSource(named(word, sources, "a news source"), enabled)


def _read_factor(reader: Reader) -> SaveFactor:
    allowed = "say factor NAME = EXPRESSION, such as factor gap = close / open - 1"
    rest = reader.take_text("a factor's name", allowed)
    left, sign, right = rest.text.partition("=")
    name, expression = left.strip(), right.strip()
    if not sign:
        raise CommandError(f"= is missing here; {allowed}", rest.end, rest.end)
    if not name or name.split() != [name]:
        raise refusal(
            Word(left.rstrip() or sign, rest.start, rest.start + len(left.rstrip() or sign)),
            "a factor's name",
            allowed,
        )
    if not expression:
        raise CommandError(f"an expression is missing here; {allowed}", rest.end, rest.end)
    reader.note("name", Word(name, rest.start, rest.start + len(name)))
    reader.note("expression", Word(expression, rest.end - len(expression), rest.end))
    return SaveFactor(name.casefold(), expression)


def _read_unfactor(reader: Reader) -> RemoveFactor:
    factors = reader.vocabulary.factors
    allowed = one_of(factors) if factors else "there is no factor of your own"
    word = reader.take("a factor", allowed)
    reader.note("factor", word)
    found = find_name(word.text, factors)
    if found is None:
        raise refusal(word, "a factor of your own", allowed)
    return RemoveFactor(found)


def _read_program(reader: Reader) -> WorkOnProgram:
    if reader.following is None:
        return WorkOnProgram()
    word = reader.take("", "")
    if word.text.casefold() not in tuple(ProgramTask):
        raise refusal(word, "expected here", f"say program, or program {'|'.join(ProgramTask)} NAME")
    task = ProgramTask(word.text.casefold())
    programs = reader.vocabulary.programs
    if task is ProgramTask.NEW:
        return WorkOnProgram(task, reader.take_rest("", "").text if reader.following else "")
    allowed = one_of(programs) if programs else "there is no program yet; say program new"
    name = reader.take_rest("a program's name", allowed)
    reader.note("program", name)
    found = find_name(name.text, programs)
    if found is None:
        raise refusal(name, "a program", allowed)
    return WorkOnProgram(task, found)


def _read_backtest(reader: Reader) -> RunBacktest:
    if reader.following is None:
        return RunBacktest()
    programs = reader.vocabulary.programs
    allowed = one_of(programs) if programs else "there is no program yet; say program new"
    name = reader.take_rest("a program's name", allowed)
    reader.note("program", name)
    found = find_name(name.text, programs)
    if found is None:
        raise refusal(name, "a program", allowed)
    return RunBacktest(found)


VERBS: dict[str, Verb] = {
    "buy": Verb(
        "buy QUANTITY [usd] SYMBOL [@ PRICE] [options]", "buy, or open a long", _read_order(Side.BUY)
    ),
    "sell": Verb(
        "sell QUANTITY [usd] SYMBOL [@ PRICE] [options]", "sell, or open a short", _read_order(Side.SELL)
    ),
    "close": Verb("close SYMBOL [PERCENT%]", "close a position, or a share of it", _read_close),
    "cancel": Verb("cancel all|SYMBOL [everyone]", "cancel open orders", _read_cancel),
    "flatten": Verb("flatten [everyone]", "cancel all orders and close all positions", _read_flatten),
    "kill": Verb("kill", "stop every entry on the desk", lambda _: EngageKillSwitch()),
    "unkill": Verb("unkill", "allow entries again", lambda _: ReleaseKillSwitch()),
    "pause": Verb("pause [NAME]", "pause the replay, or stop a trader from deciding", _read_pause),
    "resume": Verb("resume", "let the replay go on", lambda _: ResumeReplay()),
    "start": Verb("start NAME", "make a trader active", lambda reader: StartTrader(reader.trader())),
    "trigger": Verb("trigger NAME [SYMBOL]", "let a trader decide now", _read_trigger),
    "trader": Verb("trader NAME|all", "select a trader", _read_select),
    "speed": Verb("speed N", "set the replay's speed, 1 to 600", _read_speed),
    "step": Verb("step", "move a paused replay on", lambda _: Step()),
    "theme": Verb("theme NAME", "switch the theme", _read_theme),
    "alert": Verb("alert SYMBOL >|<|crosses PRICE", "say once when the price is there", _read_alert),
    "alerts": Verb("alerts", "show the price alerts", lambda _: ShowPriceAlerts()),
    "unalert": Verb("unalert ID|all", "take back a price alert", _read_unalert),
    "news": Verb("news [on|off NAME]", "show news, or turn a source of it on or off", _read_news),
    "factors": Verb("factors", "show the factors and what they were worth", lambda _: ShowFactors()),
    "factor": Verb("factor NAME = EXPRESSION", "keep a factor of your own", _read_factor),
    "unfactor": Verb("unfactor NAME", "delete a factor of your own", _read_unfactor),
    "program": Verb(
        "program [new [NAME] | open|bind|run NAME]",
        "show the programs, start one, write in it, let a trader run it, or try it once",
        _read_program,
    ),
    "backtest": Verb("backtest [PROGRAM]", "show the backtests, or backtest a program", _read_backtest),
    "help": Verb("help", "show keys and commands", lambda _: ShowHelp()),
    "quit": Verb("quit", "end the desk", lambda _: Quit()),
}

"""The dialog of a trader: what decides for it, about what, with which model and within which limits.

A new trader also gets its kind and its capital, which it then keeps. Only the rows that belong to the
kind are shown, and only they are read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import ClassVar

import msgspec
from textual.app import ComposeResult
from textual.widgets import Input

from engine.errors import InvalidInput, NotFound
from engine.model.account import TraderConfig, TraderKind
from tui import format as fmt
from tui.bridge import DeskBridge
from tui.numbers import read_number
from tui.program_params import read_schedule
from tui.screens.signal_fields import MAX_NAME_LENGTH, Choice, PickList, TextField
from tui.screens.signal_form import PICKING_HINT, FormScreen
from tui.screens.ticket_fields import ChoiceField
from tui.signal_view import SignalView, duration, pool_members_text
from tui.trader_figures import (
    LIMIT_FIGURES,
    POLICY_FIGURES,
    Figure,
    figure_text,
    figures_of,
    read_figures,
)
from tui.widgets.wrapped_text import WrappedText

KINDS = tuple((kind.value, kind.value) for kind in (TraderKind.PROMPT, TraderKind.PROGRAM, TraderKind.MANUAL))
RULES = ("0", "built-in rules")
FIRST_CAPITAL = Decimal(10_000)
MANUAL_SAYS = "only people give it orders"
PROGRAM_SAYS = "it decides once a program is bound to it: A, then w"
RULES_SAYS = "the built-in rules decide: no key, no cost"


def new_config(symbols: Sequence[str], prompts: Sequence[str]) -> TraderConfig:
    """Return what a new trader's dialog starts with."""
    return TraderConfig(
        trader_id=0,
        name="",
        kind=TraderKind.PROMPT,
        initial_capital=FIRST_CAPITAL,
        symbols=tuple(symbols),
        strategy=prompts[0] if prompts else "",
    )


def read_symbols(text: str) -> tuple[str, ...]:
    """Return the symbols a text names, with commas or blanks between."""
    return tuple(text.upper().replace(",", " ").split())


class TraderForm(FormScreen):
    """Makes a trader (`config` None) or changes one, from its next decision on; `saved` is told its id."""

    DEFAULT_CSS = """
    TraderForm .dialog { padding: 0 2; max-height: 100%; }
    TraderForm .row.-list { height: 3; }
    TraderForm #said { margin: 0 0 0 13; padding: 0 1; width: 1fr; }
    """
    first_field = "name"
    hint = PICKING_HINT
    field_of_detail: ClassVar[dict[str, str]] = {
        "pool_ids": "pools",
        "schedule_seconds": "schedule",
        "connection_id": "connection",
        **{f"limits.{figure.name}": figure.name for figure in figures_of(LIMIT_FIGURES)},
        **{f"policy.{figure.name}": figure.name for figure in figures_of(POLICY_FIGURES)},
    }

    def __init__(self, bridge: DeskBridge, config: TraderConfig | None, saved: Callable[[int], None]) -> None:
        super().__init__()
        self._bridge = bridge
        self._saved = saved
        desk = bridge.desk
        self._prompts = [prompt.name for prompt in desk.prompts.prompts()]
        self._programs = [program.name for program in desk.programs.programs()]
        self._is_new = config is None
        self._config = config or new_config([item.symbol for item in desk.instruments()], self._prompts)
        self.heading = "New trader" if config is None else f"Trader {config.name} · {config.kind}"

    def compose_fields(self) -> ComposeResult:
        """Build the rows of fields; those of one kind alone carry its class."""
        yield from self._compose_what_it_is()
        yield from self._compose_prompt_rows()
        for pair in LIMIT_FIGURES:
            with self.row("-joined"):
                yield from self._compose_figures(pair, self._config.limits)
        yield WrappedText(id="said")

    def _compose_what_it_is(self) -> ComposeResult:
        config = self._config
        with self.row("-joined"):
            yield self.label("name", "name")
            yield TextField(config.name, max_length=MAX_NAME_LENGTH, id="name")
            if self._is_new:
                yield self.label("kind", "decided by", "-second")
                yield ChoiceField(KINDS, config.kind.value, id="kind")
            else:
                yield from self._compose_period()
        if self._is_new:
            with self.row("-joined"):
                yield self.label("initial_capital", "capital")
                yield TextField(figure_text(config.initial_capital), id="initial_capital")
                yield from self._compose_period()
        with self.row():
            yield self.label("symbols", "symbols")
            yield TextField(" ".join(config.symbols), placeholder="BTC ETH", id="symbols")
            yield self.label("description", "description", "-second")
            yield TextField(config.description, id="description")
        with self.row("-of-program"):
            yield self.label("program", "program")
            yield self._choice_of("program", TraderKind.PROGRAM, self._programs)

    def _compose_period(self) -> ComposeResult:
        yield self.label("period", "period", "-second")
        yield TextField(self._config.period, placeholder="15m", id="period")

    def _compose_prompt_rows(self) -> ComposeResult:
        config, desk = self._config, self._bridge.desk
        with self.row("-joined -of-prompt"):
            yield self.label("strategy", "prompt")
            yield self._choice_of("strategy", TraderKind.PROMPT, self._prompts)
            yield self.label("connection", "connection", "-second")
            states = desk.models.connections()
            places = [RULES, *((str(each.connection.connection_id), each.connection.name) for each in states)]
            yield ChoiceField(places, str(config.connection_id), id="connection")
        with self.row("-joined -of-prompt"):
            yield self.label("model", "model")
            yield TextField(config.model, placeholder="name its server knows", id="model")
            yield self.label("schedule", "schedule", "-second")
            typed = duration(config.schedule_seconds) if config.schedule_seconds else ""
            yield TextField(typed, placeholder="5m, or nothing", id="schedule")
        with self.row("-list -of-prompt"):
            yield self.label("pools", "woken by\npools")
            view = SignalView(definitions=desk.signals.definitions())
            pools = [
                Choice(str(pool.pool_id), pool.name, pool_members_text(view, pool))
                for pool in desk.signals.pools()
            ]
            picked = [str(pool_id) for pool_id in config.pool_ids]
            yield PickList(pools, picked, empty_text="no pools yet: S makes some", id="pools")
        for place, pair in enumerate(POLICY_FIGURES, start=1):
            is_last = place == len(POLICY_FIGURES)
            with self.row("-of-prompt" if is_last else "-joined -of-prompt"):
                yield from self._compose_figures(pair, config.policy)

    def _choice_of(self, field: str, kind: TraderKind, names: Sequence[str]) -> ChoiceField:
        """Return the choice of what decides; what does now is offered though it may be gone."""
        first = names[0] if names else ""
        chosen = self._config.strategy if self._config.kind is kind else first
        known = names if chosen in names else (chosen, *names)
        return ChoiceField([(name, name or "none yet") for name in known], chosen, id=field)

    def _compose_figures(self, pair: tuple[Figure, Figure | None], values: msgspec.Struct) -> ComposeResult:
        for figure in pair:
            if figure is not None:
                yield self.label(figure.name, figure.label, "" if figure is pair[0] else "-second")
                text = figure_text(getattr(values, figure.name))
                yield TextField(text, placeholder=figure.empty, id=figure.name)

    @property
    def values(self) -> tuple[object, ...]:
        """The fields as they are."""
        return (
            *(field.value.strip() for field in self.query(Input)),
            *(field.value for field in self.query(ChoiceField)),
            self.query_one("#pools", PickList).picked,
        )

    @property
    def kind(self) -> TraderKind:
        """What decides for the trader."""
        return TraderKind(self._choice("kind")) if self._is_new else self._config.kind

    def changed(self) -> None:
        """Show the rows of the kind, and say what makes the trader decide."""
        for kind in (TraderKind.PROMPT, TraderKind.PROGRAM):
            for row in self.query(f".-of-{kind}"):
                row.display = kind is self.kind
        self.query_one("#model", Input).disabled = self._choice("connection") == RULES[0]
        self.query_one("#said", WrappedText).show(*self._said())

    def _said(self) -> tuple[str, str]:
        if self.kind is TraderKind.MANUAL:
            return MANUAL_SAYS, "muted"
        if self.kind is TraderKind.PROGRAM:
            return PROGRAM_SAYS, "muted"
        if not self._text("schedule") and not self.query_one("#pools", PickList).picked:
            return "nothing wakes it: it decides only when t asks it to", "warning"
        return (RULES_SAYS, "muted") if self._choice("connection") == RULES[0] else ("", "muted")

    async def save(self) -> str:
        """Make or change the trader; raises `DeskError`."""
        roster = self._bridge.desk.roster
        if self._is_new:
            made = await roster.create(self._made(self._config))
            self._saved(made.trader_id)
            return f"{made.name} is made with {fmt.money(made.initial_capital)}, paused: p starts it"
        kept = await roster.edit(self._made(self._config_now()))
        self._saved(kept.trader_id)
        return f"{kept.name} is kept, from its next decision on"

    def _config_now(self) -> TraderConfig:
        """Return the trader as it is by now, so that what the dialog does not show stays as it is."""
        number = self._config.trader_id
        for config in self._bridge.desk.roster.configs():
            if config.trader_id == number:
                return config
        raise NotFound(f"trader: there is no {self._config.name} any more", field="name", value=str(number))

    def _made(self, before: TraderConfig) -> TraderConfig:
        """Return the trader the fields describe; raises `InvalidInput`."""
        config = msgspec.structs.replace(
            before,
            name=self._text("name"),
            kind=self.kind,
            symbols=read_symbols(self._text("symbols")),
            description=self._text("description"),
            period=self._text("period"),
            limits=read_figures(before.limits, "limits", LIMIT_FIGURES, self._text),
        )
        if self._is_new:
            config = msgspec.structs.replace(config, initial_capital=self._capital())
        if self.kind is TraderKind.PROGRAM:
            return msgspec.structs.replace(config, strategy=self._choice("program"))
        if self.kind is TraderKind.MANUAL:
            return msgspec.structs.replace(config, strategy="")
        return msgspec.structs.replace(
            config,
            strategy=self._choice("strategy"),
            connection_id=int(self._choice("connection")),
            model=self._text("model"),
            schedule_seconds=read_schedule(self._text("schedule")),
            pool_ids=tuple(int(key) for key in self.query_one("#pools", PickList).picked),
            policy=read_figures(before.policy, "policy", POLICY_FIGURES, self._text),
        )

    def _capital(self) -> Decimal:
        typed = self._text("initial_capital")
        capital = read_number(typed)
        if capital is None:
            raise InvalidInput.of("initial_capital", typed or "nothing", "type a number such as 10000")
        return capital

    def _text(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _choice(self, name: str) -> str:
        return self.query_one(f"#{name}", ChoiceField).value

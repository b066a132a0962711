"""The order ticket: every field by keyboard, the cost before the order, and the field to blame."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input, Static

from engine.errors import DeskError
from engine.model.order import Side, TimeInForce
from tui.bridge import DeskBridge
from tui.commands import Entry
from tui.messages import ActionChosen
from tui.order_entry import time_in_force_label, touch_price
from tui.panes.span_line import Span, SpanLine
from tui.proposals import Proposal, propose_order
from tui.screens.dialog import DialogScreen, facts_text
from tui.screens.ticket_fields import ChoiceField, PriceField, QuantityField
from tui.screens.ticket_form import TicketValues, field_to_blame, ticket_order
from tui.widgets.number_field import NumberField

LABELS = {
    "side": "side",
    "symbol": "symbol",
    "entry": "type",
    "quantity": "quantity",
    "price": "price",
    "time_in_force": "in force",
    "stop_loss": "stop-loss",
    "take_profit": "take-profit",
    "leverage": "leverage",
    "reduce_only": "reduce-only",
}
ROWS = (
    ("side", "symbol"),
    ("entry", "time_in_force"),
    ("quantity", "price"),
    ("stop_loss", "take_profit"),
    ("leverage", "reduce_only"),
)
EDIT_HINT = "tab next · ↑↓ step · = last price · Enter reviews · Esc leaves"
SEND_HINT = "Enter sends the order · any change goes back · Esc leaves"


class TicketScreen(DialogScreen[Proposal | None], inherit_bindings=False):
    """Fills in one order of the selected trader; dismissed with a confirmed proposal, or None."""

    DEFAULT_CSS = """
    TicketScreen .row { height: 1; margin-bottom: 1; background: $surface; }
    TicketScreen .row Static { width: 12; color: $muted; }
    TicketScreen .row Static.-second { margin-left: 2; }
    TicketScreen .row Static.-wrong { color: $danger; text-style: bold; }
    TicketScreen .row Input { height: 1; border: none; padding: 0 1; width: 1fr; background: $panel; }
    TicketScreen .row Input:focus { border: none; background: $block-cursor-background; }
    TicketScreen #facts { height: 4; }
    TicketScreen #verdict { height: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Leave"),
        Binding("enter", "submit", "Review and send"),
        Binding("tab", "app.focus_next", "Next field", show=False),
        Binding("shift+tab", "app.focus_previous", "Previous field", show=False),
        Binding("equals_sign", "fill_price", "Last price", show=False),
    ]

    def __init__(self, bridge: DeskBridge, side: Side) -> None:
        super().__init__()
        self._bridge = bridge
        self._view = bridge.view
        self._first_side = side
        self._proposal: Proposal | None = None
        self._reviewed: TicketValues | None = None
        self._is_armed = False

    def compose(self) -> ComposeResult:
        """Build the fields in rows of two, the cost and the verdict."""
        with Vertical(classes="dialog"):
            for first, second in ROWS:
                with Horizontal(classes="row"):
                    yield Static(LABELS[first], id=f"label-{first}")
                    yield self._field(first)
                    yield Static(LABELS[second], id=f"label-{second}", classes="-second")
                    yield self._field(second)
            yield Static("", id="facts", markup=False)
            yield Static("", id="verdict", markup=False)
            yield SpanLine(id="answers")

    def _field(self, name: str) -> Widget:
        symbol = self._view.selection.symbol
        tick = self._view.tick_size(symbol) or 1
        lot = self._view.lot_size(symbol) or 1
        match name:
            case "side":
                return ChoiceField([("buy", "BUY"), ("sell", "SELL")], self._first_side.value, id=name)
            case "symbol":
                symbols = [item.symbol for item in self._view.instruments]
                return ChoiceField([(item, item) for item in symbols], symbol, id=name)
            case "entry":
                labels = {Entry.TOUCH: "take profit"}
                choices = [(entry.value, labels.get(entry, entry.value)) for entry in Entry]
                return ChoiceField(choices, Entry.MARKET.value, id=name)
            case "time_in_force":
                choices = [(tif.value, time_in_force_label(tif)) for tif in TimeInForce]
                return ChoiceField(choices, TimeInForce.GTC.value, id=name)
            case "reduce_only":
                return ChoiceField([("no", "no"), ("yes", "yes")], "no", id=name)
            case "quantity":
                return QuantityField(step=Decimal(lot), id=name)
            case "leverage":
                return NumberField(low=Decimal(1), placeholder="the trader's own", id=name)
            case "price":
                return PriceField(step=Decimal(tick), placeholder="market", id=name)
            case _:
                return PriceField(step=Decimal(tick), placeholder="none", id=name)

    def on_mount(self) -> None:
        """Start at the quantity."""
        self.set_focus(self.query_one("#quantity"))
        self._review()

    @property
    def values(self) -> TicketValues:
        """What the fields hold now."""

        def text(name: str) -> str:
            return self.query_one(f"#{name}", Input).value

        def choice(name: str) -> str:
            return self.query_one(f"#{name}", ChoiceField).value

        return TicketValues(
            side=Side(choice("side")),
            symbol=choice("symbol"),
            entry=Entry(choice("entry")),
            quantity=text("quantity"),
            price=text("price"),
            time_in_force=TimeInForce(choice("time_in_force")),
            reduce_only=choice("reduce_only") == "yes",
            stop_loss=text("stop_loss"),
            take_profit=text("take_profit"),
            leverage=text("leverage"),
        )

    def action_fill_price(self) -> None:
        """Put the price a market order would meet first into the price field, and make it a limit."""
        values = self.values
        ticker = self._bridge.view.ticker(values.symbol)
        if ticker is None:
            return
        focused = self.focused.id if self.focused is not None else None
        target = focused if focused in ("stop_loss", "take_profit") else "price"
        self.query_one(f"#{target}", NumberField).number = touch_price(values.side, ticker.quote)
        if target == "price" and values.entry is Entry.MARKET:
            entry = self.query_one("#entry", ChoiceField)
            entry.value = Entry.LIMIT.value
            entry.refresh()

    def action_submit(self) -> None:
        """Review the order; once reviewed, send it."""
        if self._is_armed and self._proposal is not None and self._reviewed == self.values:
            self.dismiss(self._proposal)
            return
        self._review()
        self._is_armed = self._proposal is not None
        self._show_answers()
        if self._proposal is None:
            wrong = self.query("Static.-wrong")
            if wrong:
                self.query_one(f"#{(wrong.first().id or '').removeprefix('label-')}").focus()

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Review or send, in turn with what was typed before."""
        event.stop()
        self.action_submit()

    @on(Input.Changed)
    @on(ChoiceField.Changed)
    def changed(self, event: Input.Changed | ChoiceField.Changed) -> None:
        """Show what the order would do now."""
        event.stop()
        if isinstance(event, Input.Changed) and event.input.id == "price":
            self._price_means_limit(event.value)
        self._review()

    def _price_means_limit(self, price: str) -> None:
        """A price typed into a market ticket asks for a limit order."""
        entry = self.query_one("#entry", ChoiceField)
        if price and entry.value == Entry.MARKET.value:
            entry.value = Entry.LIMIT.value
            entry.refresh()

    @on(ActionChosen)
    def answer_clicked(self, event: ActionChosen) -> None:
        """Send or leave by mouse."""
        event.stop()
        if event.action_id == "send":
            self.action_submit()
        else:
            self.dismiss(None)

    def _review(self) -> None:
        self._is_armed = False
        self._proposal = None
        values = self._reviewed = self.values
        step = self._bridge.view.lot_size(values.symbol)
        if step is not None:
            self.query_one("#quantity", QuantityField).step = step
        is_untouched = not values.quantity.strip()
        try:
            self._proposal = propose_order(ticket_order(values), self._bridge.view, self._bridge)
        except DeskError as error:
            self._show_verdict(
                "type a quantity" if is_untouched else error.message,
                "" if is_untouched else field_to_blame(error),
            )
        else:
            self._show_verdict(self._proposal.warning or "", "")
        self._show_facts()
        self._show_answers()

    def _show_facts(self) -> None:
        facts = self._proposal.facts if self._proposal else ()
        self.query_one("#facts", Static).update(facts_text(self.app, facts))

    def _show_verdict(self, message: str, field: str) -> None:
        verdict = self.query_one("#verdict", Static)
        verdict.update(Text(message))
        verdict.set_class(True, "warning")
        for name in LABELS:
            self.query_one(f"#label-{name}").set_class(name == field, "-wrong")

    def _show_answers(self) -> None:
        dialog = self.query_one(".dialog")
        trader = self._view.trader
        dialog.border_title = Text(f"Order for {trader.name if trader else ''}")
        dialog.border_subtitle = SEND_HINT if self._is_armed else EDIT_HINT
        if self._proposal is None:
            spans = [Span("nothing to send yet", "muted")]
        elif self._is_armed:
            spans = [Span(f"▸ SEND {self._proposal.sentence}", "accent", "send")]
        else:
            spans = [Span(self._proposal.sentence, "text", "send")]
        self.query_one("#answers", SpanLine).show(spans)

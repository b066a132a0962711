"""The order ticket: every field by keyboard, the cost before the order, and the field to blame."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

import msgspec
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
from tui.order_entry import touch_price
from tui.proposals import Proposal, propose_order
from tui.screens.dialog import REVIEW_INTERVAL_S, DialogScreen, facts_text
from tui.screens.ticket_fields import ChoiceField, PriceField, QuantityField
from tui.screens.ticket_form import FIELDS, TicketValues, field_to_blame, ticket_order
from tui.widgets.number_field import NumberField
from tui.widgets.wrapped_text import WrappedText
from tui.wording import FIELD_LABELS, TIME_IN_FORCE_LABELS, refusal_text

LABELS = {name: FIELD_LABELS.get(name, "type") for name in FIELDS}
ROWS = (
    ("side", "symbol"),
    ("entry", "time_in_force"),
    ("quantity", "price"),
    ("stop_loss", "take_profit"),
    ("leverage", "reduce_only"),
)
EDIT_HINT = "tab next · ↑↓ step · = last price · Enter reviews · Esc leaves"
MOVED = "The market has moved: Enter reviews the order again."
NO_ROOM = "The order does not fit on this screen and is not sent: 80x24 is needed."
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
    TicketScreen #verdict { height: 2; background: $surface; }
    TicketScreen #answers { height: 2; background: $surface; }
    TicketScreen.-compact .row { margin-bottom: 0; }
    TicketScreen.-compact #answers { height: 3; }
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
        self._armed: Proposal | None = None
        self._reviewed_view = bridge.view

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
            yield WrappedText(id="verdict")
            yield WrappedText(id="answers")

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
                choices = [(entry.value, entry.value) for entry in Entry]
                return ChoiceField(choices, Entry.MARKET.value, id=name)
            case "time_in_force":
                choices = [(tif.value, TIME_IN_FORCE_LABELS[tif]) for tif in TimeInForce]
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
        """Start at the quantity, and keep the preview that of now."""
        self.set_focus(self.query_one("#quantity"))
        self._review()
        self.set_interval(REVIEW_INTERVAL_S, self.keep_current)

    def keep_current(self) -> None:
        """Review again if the desk has changed; an armed order that has moved too far is disarmed."""
        if self._bridge.view is self._reviewed_view:
            return
        armed = self._armed
        self._review()
        now = self._proposal
        if armed is None or now is None:
            return
        if now.has_moved_from(armed):
            self._show_verdict(MOVED, "")
            return
        # What was armed is what is sent; only what it costs is shown as of now.
        self._proposal = msgspec.structs.replace(armed, facts=now.facts, warning=now.warning)
        self._armed = armed
        self._show_answers()

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
        answers = self.query_one("#answers", WrappedText)
        if self._armed is not None and self._reviewed == self.values and answers.is_all_in_view:
            self.dismiss(self._armed)
            return
        self._review()
        self._armed = self._proposal
        self._show_answers()
        if self._armed is not None and not answers.is_all_in_view:
            self._armed = None
            self._show_answers()
            self._show_verdict(NO_ROOM, "")
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
        self._armed = None
        self._proposal = None
        self._reviewed_view = self._bridge.view
        values = self._reviewed = self.values
        step = self._bridge.view.lot_size(values.symbol)
        if step is not None:
            self.query_one("#quantity", QuantityField).step = step
        is_untouched = not values.quantity.strip()
        try:
            self._proposal = propose_order(ticket_order(values), self._bridge.view, self._bridge)
        except DeskError as error:
            self._show_verdict(
                "type a quantity" if is_untouched else refusal_text(error),
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
        self.query_one("#verdict", WrappedText).show(message, "warning")
        for name in LABELS:
            self.query_one(f"#label-{name}").set_class(name == field, "-wrong")

    def _show_answers(self) -> None:
        dialog = self.query_one(".dialog")
        trader = self._view.trader
        dialog.border_title = Text(f"Order for {trader.name if trader else ''}")
        dialog.border_subtitle = SEND_HINT if self._armed else EDIT_HINT
        answers = self.query_one("#answers", WrappedText)
        if self._proposal is None:
            answers.show("nothing to send yet", "muted")
        elif self._armed is not None:
            answers.show(f"▸ SEND {self._armed.sentence}", "accent", "send")
        else:
            answers.show(self._proposal.sentence, "text", "send")

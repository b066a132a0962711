"""The model chat: what each trader thinks as it streams, what it decided, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from engine.model.account import TraderStatus
from engine.model.arena import DecisionStory
from engine.model.decision import DecisionRecord
from engine.model.event import (
    Alert,
    DecisionEvent,
    Edge,
    OrderEvent,
    ReasoningEvent,
    Severity,
    TraderEvent,
)
from engine.model.order import OrderStatus
from tui import format as fmt
from tui.actions import Context, bindings_for
from tui.bridge import News
from tui.chat_cards import block_ids, copied_text, decision_blocks, decision_of, thought_id
from tui.chat_view import MAX_DECISIONS, MAX_READ_BACK, Conversation
from tui.order_entry import order_proof
from tui.panes.base import Pane
from tui.view import DeskView
from tui.widgets.log_text import LogBlock
from tui.widgets.streaming_log import StreamingLog

_ALERT_ROLES = {Severity.INFO: "muted", Severity.WARNING: "warning", Severity.ERROR: "danger"}
_FILLED = (OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED)
_REFUSED = (OrderStatus.DENIED, OrderStatus.REJECTED)


class ChatPane(Pane):
    """One log for the selected trader, or for all of them together; `enter` opens a decision."""

    context = Context.CHAT
    BINDINGS = bindings_for(Context.CHAT)
    HELP = (
        "Scroll with j and k; at the end (G) the newest text stays in view, scrolled back it stays put, "
        "and k at the first line brings older ones. ← and → go from decision to decision, Enter opens one. "
        "a: one trader or all."
    )
    DEFAULT_CSS: ClassVar[str] = "ChatPane StreamingLog { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.conversation = Conversation()
        self._notes: list[tuple[int, LogBlock]] = []
        self._note_count = 0
        self._unseen = 0
        self._view = DeskView()

    def compose(self) -> ComposeResult:
        """Build the log."""
        yield StreamingLog(
            empty_text="nobody has thought aloud yet · t wakes the selected trader",
            max_blocks=5 * MAX_READ_BACK + MAX_DECISIONS,
        )

    @property
    def log_view(self) -> StreamingLog:
        """The log."""
        return self.query_one(StreamingLog)

    def show(self, view: DeskView) -> None:
        """Follow the selection: rebuild the log when another trader's chat is wanted."""
        old_names = [trader.name for trader in self._view.traders]
        self._view = view
        scope = None if view.selection.all_traders else view.selection.trader_id
        has_new_names = old_names != [trader.name for trader in view.traders]
        if scope != self.conversation.scope or has_new_names:
            keeps_place = scope == self.conversation.scope
            self.conversation.scope = scope
            self.rebuild(keeps_place=keeps_place)

    def tell(self, news: News) -> None:
        """Take in what happened since the last tick."""
        if news.history is not None:
            self.conversation.restart(news.history)
            self._notes.clear()
            self.rebuild(keeps_place=True)
        for edge in news.edges:
            self._take(edge)

    def note(self, message: str, role: str = "muted") -> None:
        """Keep a message that was too long for a notice."""
        self._note_count += 1
        time = fmt.market_time(self._view.market.now_ms)
        self._note(0, f"note:{self._note_count}", f"! {time}", message, role)

    def rebuild(self, *, keeps_place: bool = False) -> None:
        """Fill the log anew; one who has scrolled back stays where they are if asked."""
        blocks = [block for record in self.conversation.shown() for block in self._blocks(record)]
        if not self.conversation.words:
            blocks += [block for trader_id, block in self._notes if self._is_in_scope(trader_id)]
        self.log_view.reset(blocks, keeps_place=keeps_place)
        self._say_what_is_shown()

    def put_older(self, records: Iterable[DecisionRecord]) -> int:
        """Add decisions of before the first; return how many were not known yet."""
        count = self.conversation.put_older(records)
        if count:
            self.rebuild(keeps_place=True)
        return count

    def put_story(self, story: DecisionStory) -> None:
        """Show on a decision's card what it came to."""
        if self.conversation.put_story(story):
            record = self.conversation.record(story.record.decision_id)
            if record is not None and self.conversation.shows(record):
                self._put_blocks(record)

    @property
    def unread_stories(self) -> tuple[str, ...]:
        """The decisions in the window whose stories are to be read; each is told once."""
        return self.conversation.unread_stories(self._window_decisions())

    @property
    def chosen_id(self) -> str:
        """The decision that keys act on: that with the cursor if it is in view, else the last in view."""
        in_window = self._window_decisions()
        chosen = decision_of(self.log_view.cursor)
        return chosen if chosen in in_window else next(reversed(in_window), "")

    def move_cursor(self, by: int) -> None:
        """Put the cursor on another decision; from one that is out of view, on one that is in view."""
        order = [record.decision_id for record in self.conversation.shown()]
        here = self.chosen_id
        if here not in order:
            return
        had_it = here == decision_of(self.log_view.cursor)
        place = order.index(here) + (by if had_it else 0)
        if place < 0:
            self.post_message(StreamingLog.ReachedTop())
        self.log_view.put_cursor(thought_id(order[max(0, min(len(order) - 1, place))]))

    def turn_fold(self) -> None:
        """Fold the thoughts under the cursor, or unfold them."""
        record = self.conversation.record(self.chosen_id)
        if record is not None:
            self.conversation.turn_fold(record.decision_id)
            self.log_view.put_cursor(thought_id(record.decision_id))
            self._put_blocks(record)

    def turn_all_folds(self) -> None:
        """Fold the thoughts of every decision, or unfold them."""
        self.conversation.turn_all_folds()
        self.rebuild(keeps_place=True)

    def chosen_text(self) -> str:
        """Return the decision that keys act on as text, "" without one."""
        record = self.conversation.record(self.chosen_id)
        if record is None:
            return ""
        return copied_text(self._view, record, self.conversation.story(record.decision_id))

    def show_found(self, words: str, found: Iterable[DecisionRecord]) -> None:
        """Show only decisions with these words; "" ends the search."""
        self.conversation.search(words, found)
        self.rebuild()

    async def open_search(self) -> None:
        """Let the words to search for be typed; the line is built the first time."""
        from tui.panes.chat_search import SearchLine

        if not self.query(SearchLine):
            await self.mount(SearchLine(self.conversation.words))
        self.screen.set_focus(self.query_one(SearchLine))

    async def close_search(self) -> bool:
        """Take the line away, and the focus to the log; tell whether there was one."""
        lines = self.query("SearchLine")
        await lines.remove()
        self.take_focus()
        return bool(lines)

    def take_focus(self) -> None:
        """Focus the log."""
        self.screen.set_focus(self.log_view, scroll_visible=False)

    @on(StreamingLog.Unseen)
    def unseen_changed(self, event: StreamingLog.Unseen) -> None:
        """Say how much came since the reader scrolled back."""
        event.stop()
        self._unseen = event.count
        self._say_what_is_shown()

    @on(StreamingLog.Clicked)
    def block_clicked(self, event: StreamingLog.Clicked) -> None:
        """Put the cursor on the decision that was clicked."""
        event.stop()
        if decision_id := decision_of(event.block_id):
            self.log_view.put_cursor(thought_id(decision_id))

    def _say_what_is_shown(self) -> None:
        scope = self.conversation.scope
        words = [f"{self._unseen} new · G"] if self._unseen else []
        if self.conversation.words:
            wanted = fmt.fit_words(self.conversation.words, 16).rstrip()
            words.append(f"“{wanted}” {len(self.conversation.shown())} found · Esc")
        words.append("all traders" if scope is None else self._view.trader_name(scope))
        self.set_subtitle(" · ".join(words))

    def _window_decisions(self) -> tuple[str, ...]:
        ids = (decision_of(block_id) for block_id in self.log_view.window_blocks())
        return tuple(dict.fromkeys(decision_id for decision_id in ids if decision_id))

    def _is_in_scope(self, trader_id: int) -> bool:
        return self.conversation.scope in (None, trader_id) or trader_id == 0

    def _blocks(self, record: DecisionRecord) -> Iterator[LogBlock]:
        decision_id = record.decision_id
        return decision_blocks(
            self._view,
            record,
            self.conversation.story(decision_id),
            folded=self.conversation.is_folded(decision_id),
        )

    def _put_blocks(self, record: DecisionRecord) -> None:
        above = ""
        for block in self._blocks(record):
            self.log_view.put(block, below=above)
            above = block.id

    def _take(self, edge: Edge) -> None:
        match edge:
            case ReasoningEvent():
                self._append(edge)
            case DecisionEvent():
                self._put_record(edge.record)
            case OrderEvent() if edge.order.status in _REFUSED:
                self._note_order(edge)
            case OrderEvent() if edge.order.status in _FILLED:
                self.conversation.doubt_stories(edge.order.trader_id)
            case TraderEvent() if edge.status is TraderStatus.ERROR:
                self._note(edge.trader_id, f"trader:{edge.trader_id}:{edge.seq}", "✗ error", edge.reason)
            case Alert():
                role = _ALERT_ROLES[edge.severity]
                time = fmt.market_time(edge.ts_ms)
                self._note(edge.trader_id, f"alert:{edge.ts_ms}:{edge.seq}", f"! {time}", edge.message, role)
            case _:
                pass

    def _append(self, event: ReasoningEvent) -> None:
        # Kept by the conversation, so that switching the chat to another trader and back loses nothing.
        if not self.conversation.append(event.decision_id, event.delta):
            return
        if self._is_in_scope(event.trader_id) and not self.conversation.is_folded(event.decision_id):
            self.log_view.append(thought_id(event.decision_id), event.delta)

    def _put_record(self, record: DecisionRecord) -> None:
        self.conversation.put(record)
        leaving = self.conversation.forget_oldest(is_at_end=self.log_view.follows_end)
        if leaving:
            self.log_view.drop(block_id for decision_id in leaving for block_id in block_ids(decision_id))
        if self.conversation.shows(record):
            self._put_blocks(record)

    def _note_order(self, event: OrderEvent) -> None:
        name = self._view.trader_name(event.order.trader_id)
        block_id = f"order:{event.order.client_order_id}"
        self._note(
            event.order.trader_id, block_id, f"✗ {name} had an order refused", order_proof(event.order)
        )

    def _note(self, trader_id: int, block_id: str, header: str, body: str, role: str = "danger") -> None:
        block = LogBlock(block_id, header, body, role="text", header_role=role)
        self._notes.append((trader_id, block))
        leaving, self._notes = self._notes[:-MAX_DECISIONS], self._notes[-MAX_DECISIONS:]
        self.log_view.drop(old.id for _, old in leaving)
        if self._is_in_scope(trader_id) and not self.conversation.words:
            self.log_view.put(block)

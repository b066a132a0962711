"""News over the market: the latest articles, the one under the cursor whole, and where they come from.

Nothing is requested from a source before a person turns it on, or tests it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from engine.clock import WallClock
from engine.errors import DeskError
from engine.model.news import NewsItem, NewsSource, SourceStatus
from tui.bridge import DeskBridge
from tui.news_proposals import propose_delete_source, source_of, switch_source
from tui.news_view import (
    ARTICLE_COLUMNS,
    SOURCE_COLUMNS,
    answer_words,
    article_facts,
    article_rows,
    heading_spans,
    replay_note,
    source_rows,
    source_sentence,
    why_no_articles,
)
from tui.panes.span_line import Span, SpanLine
from tui.screens.command_dialog import CommandDialog
from tui.screens.signal_form import TIGHT_BELOW
from tui.theming import role_style
from tui.widgets.live_table import LiveTable
from tui.widgets.wrapped_text import WrappedText
from tui.wording import refusal_text

REFRESH_S = 1.0
MOST_ARTICLES = 200
HINT = "a all/one · v on/off · y test · N new · e edit · D delete · Esc"
TEST_HINT = "articles of a test, none of them kept · Esc goes back"


class NewsScreen(CommandDialog, inherit_bindings=False):
    """Shows news and its sources; `symbol` is the one articles can be narrowed down to."""

    DEFAULT_CSS = """
    NewsScreen .dialog { width: 100%; max-width: 100%; height: 96%; max-height: 100%; padding: 0 1; }
    NewsScreen LiveTable { background: $surface; }
    NewsScreen #articles { height: 1fr; min-height: 3; }
    NewsScreen #article {
        height: 30%; min-height: 4; border-top: solid $border; border-title-color: $muted;
        background: $surface; scrollbar-size-vertical: 1;
    }
    NewsScreen #article:focus { border-title-color: $accent; }
    NewsScreen #sources { height: 9; border-top: solid $border; }
    NewsScreen #said { height: 2; background: $surface; }
    NewsScreen #replay { background: $surface; }
    NewsScreen.-tight #article { height: 6; }
    NewsScreen.-tight #sources { height: 6; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "back", "Back"),
        Binding("tab", "app.focus_next", "Next", show=False),
        Binding("shift+tab", "app.focus_previous", "Previous", show=False),
        Binding("a", "scope", "All or one symbol"),
        Binding("v", "switch_source", "On/off"),
        Binding("y", "test_source", "Test"),
        Binding("N", "new_source", "New"),
        Binding("e", "edit_source", "Edit"),
        Binding("D", "delete_source", "Delete"),
    ]

    def __init__(self, bridge: DeskBridge, symbol: str) -> None:
        super().__init__()
        self._bridge = bridge
        self._symbol = symbol
        self._clock = WallClock()
        self._is_narrowed = False
        self._tested: tuple[NewsItem, ...] | None = None
        self._items: tuple[NewsItem, ...] = ()
        self._statuses: tuple[SourceStatus, ...] = ()
        self._shown_article: NewsItem | str = ""
        self._proof_at: str | None = None
        """The source the cursor has come to by a command, whose proof is more than is said of a source."""

    def compose(self) -> ComposeResult:
        """Build articles, the article under the cursor, and sources."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "News"
            dialog.border_subtitle = HINT
            yield SpanLine(id="heading")
            yield WrappedText(id="replay")
            yield LiveTable(ARTICLE_COLUMNS, empty_text="no articles", id="articles")
            with VerticalScroll(id="article"):
                yield Static("", markup=False, id="whole")
            yield LiveTable(SOURCE_COLUMNS, empty_text="no sources: N adds one", id="sources")
            yield WrappedText(id="said")

    def on_mount(self) -> None:
        """Show what is known, and keep it current."""
        self.refresh_news()
        self._table("articles" if self._items else "sources").focus()
        self.set_interval(REFRESH_S, self.refresh_news)

    @on(events.Resize)
    def fit_height(self, event: events.Resize) -> None:
        """Give the articles what room there is where there are few lines."""
        self.set_class(event.size.height < TIGHT_BELOW, "-tight")

    def refresh_news(self) -> None:
        """Read articles and sources anew; what has not changed is not painted."""
        desk, now_ms = self._bridge.desk.intelligence, self._clock.now_ms()
        self._statuses = desk.sources()
        symbol = self._symbol if self._is_narrowed else ""
        self._items = desk.news(symbol or None, MOST_ARTICLES) if self._tested is None else self._tested
        heading = heading_spans(self._items, self._statuses, symbol)
        if self._tested is not None:
            heading = ((Span(TEST_HINT, "warning"),), ())
        self.query_one("#heading", SpanLine).show(*heading)
        note = self.query_one("#replay", WrappedText)
        note.show(replay_note(self._bridge.view.market, now_ms), "replay")
        note.display = bool(note.text)
        self._table("articles").show(article_rows(self._items, now_ms))
        self._table("sources").show(source_rows(self._statuses, now_ms))
        self._show_article()

    @on(LiveTable.RowHighlighted)
    def cursor_moved(self, event: LiveTable.RowHighlighted) -> None:
        """Show the article under the cursor, or all there is to say of the source under it."""
        event.stop()
        if event.table.id == "articles":
            self._show_article()
        elif event.table.has_focus and event.key not in (None, self._proof_at):
            self._proof_at = None
            self._say(source_sentence(source_of(self._statuses, int(event.key or 0))), "muted")

    def action_back(self) -> None:
        """Leave what a test brought, else the news."""
        if self._tested is None:
            self.dismiss(None)
            return
        self._tested = None
        self._say("", "muted")
        self.refresh_news()

    def action_scope(self) -> None:
        """Show articles about the selected symbol alone, or about anything."""
        self._is_narrowed, self._tested = not self._is_narrowed, None
        self.refresh_news()

    def action_switch_source(self) -> None:
        """Turn the source under the cursor on or off."""
        status = self._chosen
        if status is not None:
            self.send(switch_source(self._bridge, status, on=not status.source.enabled))

    def action_test_source(self) -> None:
        """Read the source under the cursor once and show what comes, whether it is on or off."""
        status = self._chosen
        if status is not None:
            self._say(f"asking {status.source.name} …", "accent")
            self.run_worker(self._test(status.source), group="test", exclusive=True, exit_on_error=False)

    async def action_new_source(self) -> None:
        """Add a source of one's own."""
        await self._edit(None)

    async def action_edit_source(self) -> None:
        """Change the source under the cursor."""
        if self._chosen is not None:
            await self._edit(self._chosen.source)

    async def action_delete_source(self) -> None:
        """Delete the source under the cursor, after asking."""
        status = self._chosen
        if status is not None:
            source_id = status.source.source_id
            await self.ask(lambda: propose_delete_source(self._bridge, source_id))

    async def _edit(self, source: NewsSource | None) -> None:
        from tui.screens.news_source import NewsSourceEditor

        def answered(proof: str | None) -> None:
            if proof is not None:
                self._say(proof, "gain")
                self.refresh_news()

        await self.app.push_screen(NewsSourceEditor(self._bridge, source), answered)

    async def _test(self, source: NewsSource) -> None:
        items: Sequence[NewsItem] = ()
        try:
            items = await self._bridge.desk.intelligence.test_source(source)
        except DeskError as error:
            self._say(f"{source.name}: {refusal_text(error)}", "danger")
            return
        except Exception as error:  # an engine fault must not take the screen with it
            self._say(f"unexpected {type(error).__name__}: {error}", "danger")
            return
        self._say(answer_words(source, items), "gain" if items else "warning")
        if items:
            self._tested = tuple(sorted(items, key=lambda item: item.published_ms, reverse=True))
            self.refresh_news()

    def say_here(self, text: str, role: str) -> None:
        """Say something below the sources."""
        self._say(text, role)

    def show_outcome(self, proof: str, role: str) -> None:
        """Read news and sources anew after a command, and say what came of it."""
        self.refresh_news()
        self._say(proof, role)
        self._proof_at = self._table("sources").cursor_key

    @property
    def _chosen(self) -> SourceStatus | None:
        """The source under the cursor."""
        key = self._table("sources").cursor_key
        return next((each for each in self._statuses if str(each.source.source_id) == key), None)

    def _table(self, name: str) -> LiveTable:
        return self.query_one(f"#{name}", LiveTable)

    def _show_article(self) -> None:
        key = self._table("articles").cursor_key
        item = next((each for each in self._items if each.news_id == key), None)
        symbol = self._symbol if self._is_narrowed else ""
        shown = item if item is not None else why_no_articles(self._statuses, symbol)
        if shown == self._shown_article:
            return
        self._shown_article = shown
        text = Text(shown) if isinstance(shown, str) else self._article_text(shown)
        self.query_one("#whole", Static).update(text)
        self.query_one("#article", VerticalScroll).scroll_home(animate=False)

    def _article_text(self, item: NewsItem) -> Text:
        text = Text()
        text.append(f"{item.title}\n", role_style(self.app, "accent"))
        text.append(f"{article_facts(item)}\n", role_style(self.app, "muted"))
        text.append(item.summary or "the source gives no summary")
        return text

    def _say(self, message: str, role: str) -> None:
        self.query_one("#said", WrappedText).show(message, role)

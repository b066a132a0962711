"""One decision as it was made: its exact prompt and reply, its cost, its orders and what it came to."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.errors import DeskError
from engine.model.arena import DecisionStory
from engine.model.decision import DecisionStatus
from tui.action import Context
from tui.actions import bindings_for
from tui.bridge import DeskBridge
from tui.decision_view import TAB_TITLES, Tab, head_spans, outcome_line, tab_paragraphs, tab_spans, tab_text
from tui.panes.span_line import SpanLine
from tui.screens.reading import ReadingScreen
from tui.widgets.reading_text import paragraphs_of
from tui.widgets.wrapped_text import WrappedText
from tui.wording import refusal_text

REFRESH_S = 1.0
"""How often a decision that is still being made is read anew."""


class DecisionDetailScreen(ReadingScreen):
    """Shows the decision of an id over whatever is open; closing it goes back there."""

    DEFAULT_CSS = """
    DecisionDetailScreen .dialog #decision-outcome { height: 2; }
    """
    context = Context.DECISION
    prefix = "decision"
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.DECISION)

    def __init__(self, bridge: DeskBridge, decision_id: str) -> None:
        super().__init__()
        self._bridge = bridge
        self._decision_id = decision_id
        self._story: DecisionStory | None = None
        self._tab = Tab.PROMPT
        self.handlers |= {
            "decision.tab": lambda: self._turn(1),
            "decision.tab_before": lambda: self._turn(-1),
            **{
                f"decision.tab.{number}": partial(self.show_tab, tab)
                for number, tab in enumerate(TAB_TITLES, start=1)
            },
            "decision.ask": self._ask_again,
            "decision.runs": self._open_runs,
        }

    def compose_head(self) -> ComposeResult:
        """Build the lines above the text."""
        yield SpanLine(id="decision-head")
        yield WrappedText(id="decision-outcome")
        yield SpanLine(id="decision-tabs")

    def on_mount(self) -> None:
        """Read the decision, and read it again while it is being made."""
        self.entitle(f"Decision {self._decision_id}")
        self.query_one("#decision-tabs", SpanLine).show(tab_spans(self._tab))
        self.reading.show((), "reading …")
        self._read()
        self.set_interval(REFRESH_S, self._read_if_under_way)

    @property
    def whole_text(self) -> str:
        """The text of the tab in view: of prompt, reply and reasoning exactly what was recorded."""
        return tab_text(self._bridge.view, self._story, self._tab) if self._story is not None else ""

    def show_tab(self, tab: Tab) -> None:
        """Show a tab from its start."""
        self._tab = tab
        self._show(from_start=True)

    def _turn(self, by: int) -> None:
        tabs = list(TAB_TITLES)
        self.show_tab(tabs[(tabs.index(self._tab) + by) % len(tabs)])

    def _read(self) -> None:
        self.run_worker(self._read_story(), group="story", exclusive=True, exit_on_error=False)

    def _read_if_under_way(self) -> None:
        if self._story is not None and self._story.record.status is DecisionStatus.STARTED:
            self._read()

    async def _read_story(self) -> None:
        is_first = self._story is None
        try:
            self._story = await self._bridge.desk.arena.story(self._decision_id)
        except DeskError as error:
            if is_first:
                self.reading.show(paragraphs_of(refusal_text(error), "danger"))
            self.say(refusal_text(error), "danger")
            return
        self._show(from_start=is_first)

    def _show(self, *, from_start: bool) -> None:
        self.query_one("#decision-tabs", SpanLine).show(tab_spans(self._tab))
        if self._story is None:
            return
        view = self._bridge.view
        self.query_one("#decision-head", SpanLine).show(*head_spans(view, self._story))
        self.query_one("#decision-outcome", WrappedText).show(*outcome_line(self._story.record))
        paragraphs, empty_text = tab_paragraphs(view, self._story, self._tab)
        self.reading.show(paragraphs, empty_text, from_start=from_start)

    async def _ask_again(self) -> None:
        story = self._story
        if story is None or not story.record.prompt:
            self.say("no model was asked for it: there is no prompt to change", "warning")
            return
        from tui.screens.replay_form import ReplayForm

        await self.app.push_screen(ReplayForm(self._bridge, story), self._asked)

    async def _asked(self, run_id: str | None) -> None:
        if run_id is None:
            return
        from tui.screens.replay_result import ReplayResultScreen

        await self.app.push_screen(ReplayResultScreen(self._bridge, run_id))

    async def _open_runs(self) -> None:
        from tui.screens.prompt_runs import PromptRunsScreen

        await self.app.push_screen(PromptRunsScreen(self._bridge))

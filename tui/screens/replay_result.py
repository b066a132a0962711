"""Past decisions asked again: what was decided then and what would be decided now, side by side."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType

from engine.errors import DeskError
from engine.model.prompt_backtest import PromptRunStatus, ReplayResult
from tui.action import Context
from tui.actions import bindings_for
from tui.bridge import DeskBridge
from tui.panes.span_line import Span, SpanLine
from tui.replay_view import RUN_ROLES, replay_paragraphs, run_words
from tui.screens.reading import ReadingScreen
from tui.widgets.reading_text import paragraphs_of
from tui.widgets.wrapped_text import WrappedText
from tui.wording import plain_words, refusal_text

REFRESH_S = 0.5
"""How often a replay that is under way is read anew."""
MOST_PROMPTS = 20
"""Of so many decisions the prompt's changes are shown, too."""


class ReplayResultScreen(ReadingScreen):
    """Shows a replay, also while it is being asked."""

    DEFAULT_CSS = """
    ReplayResultScreen .dialog #replay-error { height: auto; max-height: 3; }
    """
    context = Context.AGAIN
    prefix = "again"
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.AGAIN)

    def __init__(self, bridge: DeskBridge, run_id: str) -> None:
        super().__init__()
        self._bridge = bridge
        self._run_id = run_id
        self._replay: ReplayResult | None = None
        self._prompts: dict[str, str] = {}
        self.handlers |= {"again.cancel": self._cancel, "again.retry": self._retry}

    def compose_head(self) -> ComposeResult:
        """Build the lines above the text."""
        yield SpanLine(id="replay-head")
        yield WrappedText(id="replay-error")

    def on_mount(self) -> None:
        """Read the replay, and read it again while it runs."""
        self.entitle(f"Asked again · {self._run_id}")
        self.reading.show((), "asking …")
        self._read()
        self.set_interval(REFRESH_S, self._read_if_under_way)

    @property
    def whole_text(self) -> str:
        """The whole comparison, as it is laid out."""
        return "\n".join(self.reading.rows)

    def on_resize(self, event: events.Resize) -> None:
        """Lay the columns out anew."""
        self.call_after_refresh(self._show)

    def _read(self) -> None:
        self.run_worker(self._read_replay(), group="replay", exclusive=True, exit_on_error=False)

    def _read_if_under_way(self) -> None:
        if self._replay is not None and self._replay.run.status is PromptRunStatus.RUNNING:
            self._read()

    async def _read_replay(self) -> None:
        desk = self._bridge.desk
        try:
            self._replay = await desk.prompt_backtests.replay_result(self._run_id)
            for item in self._replay.items[:MOST_PROMPTS]:
                if item.decision_id not in self._prompts:
                    story = await desk.arena.story(item.decision_id)
                    self._prompts[item.decision_id] = story.record.prompt
        except DeskError as error:
            if self._replay is None:
                self.reading.show(paragraphs_of(refusal_text(error), "danger"))
            self.say(refusal_text(error), "danger")
        self._show()

    def _show(self) -> None:
        if self._replay is None:
            return
        run = self._replay.run
        left = [Span(f"{run.status.value}  ", RUN_ROLES[run.status]), Span(run_words(run), "muted")]
        self.query_one("#replay-head", SpanLine).show(left, [Span(run.model, "accent", priority=1)])
        error = self.query_one("#replay-error", WrappedText)
        error.show(plain_words(run.error), "danger")
        error.display = bool(run.error)
        width = self.reading.scrollable_content_region.width
        paragraphs = replay_paragraphs(self._bridge.view, self._replay, self._prompts, width)
        self.reading.show(paragraphs, from_start=False)

    async def _cancel(self) -> None:
        await self._change("stopped, what there is stays", is_retry=False)

    async def _retry(self) -> None:
        await self._change("what failed is asked again", is_retry=True)

    async def _change(self, proof: str, *, is_retry: bool) -> None:
        desk = self._bridge.desk.prompt_backtests
        try:
            await (desk.retry if is_retry else desk.cancel)(self._run_id)
        except DeskError as error:
            self.say(refusal_text(error), "warning")
            return
        self.say(proof)
        self._read()

"""The line of an editor that tries what is typed on the recorded past, once it has stood for a moment."""

from __future__ import annotations

from textual.timer import Timer

from engine.errors import DeskError
from tui.bridge import DeskBridge
from tui.signal_preview import PreviewTarget, ask_preview, count_words, unknown_words
from tui.widgets.wrapped_text import WrappedText
from tui.wording import refusal_text

DELAY_S = 0.4


class TrialLine(WrappedText):
    """Says how often a target would have fired; only the newest target counts."""

    DEFAULT_CSS = "TrialLine { height: 2; padding: 0 1; margin-left: 13; }"

    def __init__(self, bridge: DeskBridge, *, id: str) -> None:
        super().__init__(id=id)
        self._bridge = bridge
        self._target: PreviewTarget | None = None
        self._waiting: Timer | None = None

    def forget(self, text: str = "") -> None:
        """Try nothing, and say this instead."""
        self._target = None
        if self._waiting is not None:
            self._waiting.stop()
        self.show(text, "muted")

    def try_soon(self, target: PreviewTarget) -> None:
        """Try this target unless another one comes within the delay; an equal one costs nothing."""
        if target == self._target:
            return
        self.forget("looking back …")
        self._target = target
        self._waiting = self.set_timer(DELAY_S, self._try)

    def _try(self) -> None:
        if self._target is not None:
            self.run_worker(
                self._show_trial(self._target), group="trial", exclusive=True, exit_on_error=False
            )

    async def _show_trial(self, target: PreviewTarget) -> None:
        try:
            preview = await ask_preview(self._bridge.desk, target, self._bridge.view.market.now_ms)
            words = " · ".join(filter(None, (count_words(preview), unknown_words(preview))))
        except DeskError as error:
            words = refusal_text(error)
        if target == self._target:
            self.show(words, "accent")

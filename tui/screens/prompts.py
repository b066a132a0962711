"""The prompts screen: templates are written with their variables at hand, and seen as they are sent."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.timer import Timer

from engine.errors import DeskError
from engine.model.account import TraderKind
from engine.model.prompt import Prompt
from tui.action import Context
from tui.actions import bindings_for
from tui.bridge import DeskBridge
from tui.panes.prompt_panes import (
    PreviewPane,
    PromptPane,
    PromptsPane,
    TemplatePane,
    TemplateWritten,
    VariableBegun,
    VariablesPane,
)
from tui.prompt_view import PromptReader, PromptView, inserted_name
from tui.screens.list_layouts import arrange_prompts
from tui.screens.prompt_screen_actions import PromptActions
from tui.screens.turns_layout import TurnsLayout
from tui.screens.workspace import WorkspaceScreen
from tui.view import DeskView
from tui.widgets.live_table import LiveTable
from tui.wording import refusal_text

CHECK_DELAY_S = 0.25
"""How long a text must stand before it is worth checking."""

PREVIEW_INTERVAL_S = 1.0
"""How often the preview is rendered anew with the market of then."""


class PromptsScreen(WorkspaceScreen):
    """The list of prompts over the template; the variables over the preview."""

    workspace = Context.PROMPT_DESK
    first_pane = Context.PROMPTS
    panes = (PromptsPane, TemplatePane, VariablesPane, PreviewPane)
    BINDINGS: ClassVar[list[BindingType]] = bindings_for(Context.PROMPT_DESK)

    def __init__(self, bridge: DeskBridge, frames_per_second: float) -> None:
        self.prompts = PromptView()
        self._drafts: dict[int, str] = {}
        super().__init__(bridge, frames_per_second)
        self._reader = PromptReader(bridge.desk)
        self._shown: dict[str, PromptView] = {}
        self._wanted: int | None = None
        self._checking: Timer | None = None
        self._is_rendering = False
        self._preview_trader: int | None = None

    def make_layout(self) -> TurnsLayout:
        """Return the layout of the prompts screen."""
        return TurnsLayout(Context.PROMPTS, arrange_prompts)

    def make_actions(self) -> PromptActions:
        """Return what runs its actions."""
        return PromptActions(self)

    def on_mount(self) -> None:
        """Render the preview anew while it is in view."""
        super().on_mount()
        self.set_interval(PREVIEW_INTERVAL_S, self._render_soon)

    @property
    def template(self) -> TemplatePane:
        """The editor."""
        return self.query_one(TemplatePane)

    @property
    def listed_prompt(self) -> Prompt | None:
        """The prompt under the cursor of the list."""
        return self.prompts.prompt(self.query_one(PromptsPane).cursor_id)

    @property
    def unsaved(self) -> str:
        """What would be lost by leaving the desk, in words."""
        names = [item.name for item in self.prompts.prompts if item.prompt_id in self._drafts]
        return f"not saved: {', '.join(names)}" if names else ""

    def text_of(self, prompt: Prompt) -> str:
        """Return what the editor shows of a prompt: its draft, or else its saved text."""
        return self._drafts.get(prompt.prompt_id, prompt.text)

    def write(self, prompt: Prompt, text: str) -> None:
        """Put a text into the editor of a prompt, unsaved."""
        self._keep_draft(prompt, text)
        self.choose_prompt(prompt.prompt_id)

    def choose_prompt(self, prompt_id: int) -> None:
        """Put the cursor of the list on a prompt, as soon as it is there."""
        self._wanted = prompt_id
        self.paint_tick()

    def show_picture(self, view: DeskView) -> None:
        """Hand each visible pane the picture, and let the editor follow the list's cursor."""
        self._drop_saved_drafts()
        self.prompts = self._reader.read(view, frozenset(self._drafts))
        shown = self.grid.shown_ids() | {Context.PROMPTS.value}
        self._show_template()
        for pane in self.query(PromptPane):
            if pane.id in shown and self._shown.get(pane.id or "") is not self.prompts:
                self._shown[pane.id or ""] = self.prompts
                pane.show(self.prompts)
        if self._wanted is not None and self.prompts.prompt(self._wanted) is not None:
            self.query_one(PromptsPane).table.move_cursor_to(str(self._wanted))
            self._wanted = None

    def next_preview_trader(self) -> None:
        """Render for the next prompt trader."""
        traders = [item.trader_id for item in self.view.traders if item.kind is TraderKind.PROMPT]
        if traders:
            here = self._trader_to_preview()
            place = traders.index(here) + 1 if here in traders else 0
            self._preview_trader = traders[place % len(traders)]
            self._render_soon()

    def insert_variable(self, begun: str | None = None) -> None:
        """Put the chosen variable, or what a begun name completes to, into the template."""
        pane = self.query_one(VariablesPane)
        variable = pane.chosen if begun is None else pane.best(begun)
        if variable is None or self.template.prompt is None:
            self.say("no variable to insert", "warning")
            return
        self.template.area.insert_variable(inserted_name(variable))
        self.go_to(Context.PROMPT_EDITOR)

    @on(LiveTable.RowHighlighted)
    def cursor_moved(self) -> None:
        """Show at once what is said about the new row."""
        self._shown.clear()
        self.call_after_refresh(self.paint_tick)

    @on(LiveTable.RowSelected, "#prompts LiveTable")
    async def prompt_chosen(self) -> None:
        """Write in the chosen prompt."""
        await self.action_perform("prompt.edit")

    @on(LiveTable.RowSelected, "#variables LiveTable")
    def variable_chosen(self) -> None:
        """Put the chosen variable into the template."""
        self.insert_variable()

    @on(TemplateWritten)
    def template_written(self, event: TemplateWritten) -> None:
        """Keep what is written, and check it once it stands."""
        prompt = self.prompts.prompt(event.prompt_id)
        if prompt is not None:
            self._keep_draft(prompt, event.text)
            self._check_soon()
            self.paint_tick()

    @on(VariableBegun)
    def variable_begun(self, event: VariableBegun) -> None:
        """Narrow the list of variables to what is typed, and say what tab makes of it."""
        variables = self.query_one(VariablesPane)
        variables.narrow(event.begun)
        best = None if event.begun is None else variables.best(event.begun)
        self.template.set_subtitle(f"tab writes {{{inserted_name(best)}}}" if best else "")

    def _keep_draft(self, prompt: Prompt, text: str) -> None:
        if text == prompt.text:
            self._drafts.pop(prompt.prompt_id, None)
        else:
            self._drafts[prompt.prompt_id] = text

    def _drop_saved_drafts(self) -> None:
        """Drop the drafts of deleted prompts, and those that have been saved meanwhile."""
        saved = {prompt.prompt_id: prompt.text for prompt in self.bridge.desk.prompts.prompts()}
        self._drafts = {
            prompt_id: text
            for prompt_id, text in self._drafts.items()
            if saved.get(prompt_id) not in (None, text)
        }

    def _show_template(self) -> None:
        prompt, pane = self.listed_prompt, self.template
        before = pane.prompt
        if prompt != before or (prompt is not None and self.text_of(prompt) != pane.area.text):
            pane.edit(prompt, self.text_of(prompt) if prompt else "")
            self._shown.pop(Context.PROMPT_EDITOR.value, None)
            self._check_soon()

    def _check_soon(self) -> None:
        if self._checking is not None:
            self._checking.stop()
        self._checking = self.set_timer(CHECK_DELAY_S, self._check)

    def _check(self) -> None:
        self.run_worker(self._show_report(), group="check", exclusive=True, exit_on_error=False)
        self._render_soon()

    async def _show_report(self) -> None:
        text = self.template.area.text
        try:
            report = await self.bridge.desk.prompts.check(text)
        except DeskError as error:
            self.say(refusal_text(error), "warning")
            return
        if text == self.template.area.text:
            self.template.show_report(report)

    def _trader_to_preview(self) -> int | None:
        """Return who the preview is for: whom a person chose, else one bound to it, else any."""
        traders = [item.trader_id for item in self.view.traders if item.kind is TraderKind.PROMPT]
        prompt = self.listed_prompt
        bound = self.prompts.traders_of(prompt.prompt_id) if prompt else ()
        wanted = (self._preview_trader, *bound, *traders)
        return next((trader_id for trader_id in wanted if trader_id in traders), None)

    def _render_soon(self) -> None:
        is_in_view = self.host.is_shown(self) and Context.PROMPT_PREVIEW.value in self.grid.shown_ids()
        if is_in_view and not self._is_rendering:
            self._is_rendering = True
            self.run_worker(self._show_preview(), group="preview", exit_on_error=False)

    async def _show_preview(self) -> None:
        trader_id, pane = self._trader_to_preview(), self.query_one(PreviewPane)
        try:
            if trader_id is None or self.template.prompt is None:
                pane.show_preview(None, "")
                return
            text, symbol = self.template.area.text, self.selection.symbol
            previews = await self.bridge.desk.prompts.preview(text, (trader_id,), symbol)
            pane.show_preview(next(iter(previews), None), self.view.trader_name(trader_id))
        except DeskError as error:
            self.say(refusal_text(error), "warning")
        finally:
            self._is_rendering = False

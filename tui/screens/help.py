"""The help screen: every key and every command, made from the tables that define them."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui.action import DIALOG_TITLES, WORKSPACE_TITLES, WORKSPACES, Context, Risk
from tui.actions import ACTIONS, actions_in, shown_keys
from tui.command_line import VERBS
from tui.commands import ORDER_KEYWORDS
from tui.screens.dialog import DialogScreen
from tui.theming import role_style
from tui.widgets.wrapping import wrap

_TITLES = (
    {Context.ANYWHERE: "Anywhere", Context.TABLES: "In a list"}
    | {
        context: title
        for workspace, panes in WORKSPACES.items()
        for context, title in (
            (workspace, f"{WORKSPACE_TITLES[workspace]} workspace"),
            *((pane, f"In {name.lower()}") for pane, name in panes.items()),
        )
    }
    | dict(DIALOG_TITLES)
)
_RISKS = {Risk.FREE: "", Risk.ARM: "previews first", Risk.CONFIRM: "asks first"}
KEY_WIDTH = max(len(shown_keys(action.keys)) for action in ACTIONS) + 2
MIN_TEXT_WIDTH = 20
OPTIONS_HELP = (
    "@ is a limit price, stop and take (profit) a trigger price, sl and tp set the exits of an entry, "
    "lev the leverage, post adds liquidity only, reduce never opens."
)


def help_text(app: App[Any], width: int, workspace: Context = Context.DESK) -> Text:
    """Return all keys by context, then all commands, in lines of at most `width` cells.

    What works anywhere comes first, then what works in `workspace`.
    """
    accent, muted, header = (role_style(app, role) for role in ("accent", "muted", "header"))
    text = Text()

    def explain(words: str, style: Style | None = None) -> None:
        """Add an explanation whose further lines start below its first one."""
        indent = KEY_WIDTH + 2
        lines = wrap(words, max(MIN_TEXT_WIDTH, width - indent))
        text.append(f"\n{'':<{indent}}".join(lines) + "\n", style)

    nearest = (Context.ANYWHERE, workspace, *WORKSPACES[workspace])
    for context in (*nearest, *(other for other in _TITLES if other not in nearest)):
        title, actions = _TITLES[context], actions_in(context)
        if not actions:
            continue
        text.append(f"{title}\n", header)
        for action in actions:
            text.append(f"  {shown_keys(action.keys):<{KEY_WIDTH}}", accent)
            explain(" · ".join(filter(None, (action.help, _RISKS[action.risk]))))
        text.append("\n")
    text.append("Commands, after :\n", header)
    for verb in VERBS.values():
        text.append(f"  {verb.usage}\n", accent)
        text.append(f"  {'':<{KEY_WIDTH}}")
        explain(verb.help, muted)
    text.append("\nOrder options\n", header)
    text.append(f"  {' '.join(ORDER_KEYWORDS)}\n", accent)
    text.append(f"  {'':<{KEY_WIDTH}}")
    explain(OPTIONS_HELP, muted)
    return text


class HelpScreen(DialogScreen[None], inherit_bindings=False):
    """Shows all keys; any of the usual keys closes it."""

    DEFAULT_CSS = """
    HelpScreen .dialog {
        width: 96; height: 94%; padding: 0 1; scrollbar-size-vertical: 1; scrollbar-gutter: stable;
    }
    HelpScreen #help-text { width: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,enter", "dismiss(None)", "Close"),
        Binding("down,j", "scroll(1)", "Down", show=False),
        Binding("up,k", "scroll(-1)", "Up", show=False),
        Binding("pagedown,space", "scroll(15)", "Page down", show=False),
        Binding("pageup", "scroll(-15)", "Page up", show=False),
    ]

    def __init__(self, workspace: Context = Context.DESK) -> None:
        super().__init__()
        self._workspace = workspace

    def compose(self) -> ComposeResult:
        """Build the text."""
        with VerticalScroll(classes="dialog", can_focus=False) as dialog:
            dialog.border_title = "Keys and commands"
            dialog.border_subtitle = "j k scroll · Esc closes"
            yield Static("", id="help-text")

    def on_resize(self, event: events.Resize) -> None:
        """Break the lines for the new width."""
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        text = self.query_one("#help-text", Static)
        text.update(help_text(self.app, text.size.width, self._workspace))

    def action_scroll(self, lines: int) -> None:
        """Scroll by a number of lines."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

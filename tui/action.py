"""What an action is, where its key works, and which panes each workspace has."""

from __future__ import annotations

import enum
from collections.abc import Mapping

import msgspec


class Context(enum.StrEnum):
    """Where an action's key works: anywhere, in one workspace, in a list, or in one pane."""

    ANYWHERE = "anywhere"
    TABLES = "tables"
    DESK = "desk"
    TRADERS = "traders"
    POSITIONS = "positions"
    ORDERS = "orders"
    CHAT = "chat"
    CURVE = "curve"
    WATCHLIST = "watchlist"
    MARKET = "market"
    CHART = "chart"
    DEPTH = "depth"
    TRADES = "trades"
    FLOW = "flow"
    SIGNAL_DESK = "signal-desk"
    SIGNALS = "signals"
    POOLS = "pools"
    FIRES = "fires"
    ALERTS = "alerts"
    PREVIEW = "preview"
    PROGRAM_DESK = "program-desk"
    PROGRAMS = "programs"
    EDITOR = "editor"
    TEST_RUN = "test-run"
    BINDINGS = "bindings"
    EXECUTIONS = "executions"
    BACKTEST_DESK = "backtest-desk"
    RUNS = "runs"
    FIGURES = "figures"
    EQUITY = "equity"
    RUN_PRICE = "run-price"
    RUN_TRADES = "run-trades"
    MONTHS = "months"
    TRIGGERS = "triggers"
    PROMPT_DESK = "prompt-desk"
    PROMPTS = "prompts"
    PROMPT_EDITOR = "prompt-editor"
    VARIABLES = "variables"
    PROMPT_PREVIEW = "prompt-preview"
    MODEL_DESK = "model-desk"
    CONNECTIONS = "connections"
    VAULT = "vault"
    ARENA_DESK = "arena-desk"
    STANDINGS = "standings"
    ARENA_CURVES = "arena-curves"
    ATTRIBUTION = "attribution"
    ASSISTANT_DESK = "assistant-desk"
    CONVERSATIONS = "conversations"
    TALK = "talk"
    ASK = "ask"
    PROPOSAL = "proposal"
    DECISION = "decision"
    AGAIN = "again"
    PROMPT_RUNS = "prompt-runs"


class Risk(enum.StrEnum):
    """What stands between the key and its effect.

    `FREE` acts at once. `ARM` opens something that shows a preview and needs Enter. `CONFIRM`
    states the full consequence and asks.
    """

    FREE = "free"
    ARM = "arm"
    CONFIRM = "confirm"


class Action(msgspec.Struct, frozen=True):
    """One thing a person can do; `keys` in Textual's names, `in_footer` where it earns the place.

    `footer_label` is what the footer says in place of a `label` that is too long for it.
    """

    id: str
    keys: tuple[str, ...]
    context: Context
    label: str
    help: str
    risk: Risk = Risk.FREE
    in_footer: bool = False
    footer_label: str = ""


PANE_TITLES: Mapping[Context, str] = {
    Context.TRADERS: "Traders",
    Context.POSITIONS: "Positions",
    Context.ORDERS: "Orders",
    Context.CHAT: "Model chat",
    Context.CURVE: "Asset curve",
    Context.WATCHLIST: "Watchlist",
}
"""The panes of the desk in the order of their jump digits, which start at 1."""

WORKSPACES: Mapping[Context, Mapping[Context, str]] = {
    Context.DESK: PANE_TITLES,
    Context.MARKET: {
        Context.CHART: "Chart",
        Context.DEPTH: "Depth",
        Context.TRADES: "Trades",
        Context.FLOW: "Flow and regime",
    },
    Context.SIGNAL_DESK: {
        Context.SIGNALS: "Signals",
        Context.POOLS: "Pools",
        Context.FIRES: "Trigger log",
        Context.ALERTS: "Price alerts",
        Context.PREVIEW: "Preview",
    },
    Context.PROGRAM_DESK: {
        Context.PROGRAMS: "Programs",
        Context.EDITOR: "Editor",
        Context.TEST_RUN: "Test run",
        Context.BINDINGS: "Bindings",
        Context.EXECUTIONS: "Executions",
    },
    Context.BACKTEST_DESK: {
        Context.RUNS: "Runs",
        Context.FIGURES: "Figures",
        Context.EQUITY: "Equity",
        Context.RUN_PRICE: "Price",
        Context.RUN_TRADES: "Trades",
        Context.MONTHS: "Months",
        Context.TRIGGERS: "Triggers",
    },
    Context.PROMPT_DESK: {
        Context.PROMPTS: "Prompts",
        Context.PROMPT_EDITOR: "Template",
        Context.VARIABLES: "Variables",
        Context.PROMPT_PREVIEW: "As it is sent",
    },
    Context.MODEL_DESK: {
        Context.CONNECTIONS: "Connections",
        Context.VAULT: "Vault",
    },
    Context.ARENA_DESK: {
        Context.STANDINGS: "Standings",
        Context.ARENA_CURVES: "Curves",
        Context.ATTRIBUTION: "Attribution",
    },
    Context.ASSISTANT_DESK: {
        Context.CONVERSATIONS: "Conversations",
        Context.TALK: "Messages",
        Context.ASK: "Say",
        Context.PROPOSAL: "Proposal",
    },
}
"""The workspaces, each with its panes in the order of their jump digits."""

WORKSPACE_TITLES: Mapping[Context, str] = {
    Context.DESK: "Desk",
    Context.MARKET: "Market",
    Context.SIGNAL_DESK: "Signals",
    Context.PROGRAM_DESK: "Programs",
    Context.BACKTEST_DESK: "Backtests",
    Context.PROMPT_DESK: "Prompts",
    Context.MODEL_DESK: "Models",
    Context.ARENA_DESK: "Arena",
    Context.ASSISTANT_DESK: "Assistants",
}


DIALOG_TITLES: Mapping[Context, str] = {
    Context.DECISION: "One decision",
    Context.AGAIN: "A decision asked again",
    Context.PROMPT_RUNS: "Prompt backtests",
}
"""The dialogs whose keys are in the table of actions; they lie over any workspace."""


def workspace_of(context: Context) -> Context | None:
    """Return the workspace a pane belongs to, or a workspace itself; None where it is any of them."""
    return next((place for place, panes in WORKSPACES.items() if context is place or context in panes), None)


def contexts_of(workspace: Context) -> tuple[Context, ...]:
    """Return every context whose keys can work while a workspace is shown."""
    return (Context.ANYWHERE, Context.TABLES, workspace, *WORKSPACES[workspace])


def pane_actions(workspace: Context, prefix: str) -> tuple[Action, ...]:
    """Return the actions that go to each pane of a workspace by its digit."""
    return tuple(
        Action(f"{prefix}{number}", (str(number),), workspace, title, f"Go to {title.lower()}")
        for number, title in enumerate(WORKSPACES[workspace].values(), start=1)
    )

"""Every tool there is, and which assistant has which."""

from __future__ import annotations

from functools import cache

from engine.assistants.tools.backtests import BACKTEST_TOOLS
from engine.assistants.tools.decisions import DECISION_TOOLS
from engine.assistants.tools.desk_writes import DESK_WRITES
from engine.assistants.tools.market import MARKET_TOOLS
from engine.assistants.tools.programs import PROGRAM_TOOLS
from engine.assistants.tools.prompts import PROMPT_TOOLS
from engine.assistants.tools.signal_writes import SIGNAL_WRITES
from engine.assistants.tools.signals import SIGNAL_TOOLS
from engine.assistants.tools.strategy_writes import STRATEGY_WRITES
from engine.assistants.tools.tool import Tool, info_of, spec_of
from engine.assistants.tools.traders import TRADER_TOOLS
from engine.errors import NotFound
from engine.language_models.base import ToolSpec
from engine.model.assistant import AssistantKind, ToolInfo
from engine.text import safe_line

TOOLS: tuple[Tool, ...] = (
    *TRADER_TOOLS,
    *MARKET_TOOLS,
    *SIGNAL_TOOLS,
    *PROGRAM_TOOLS,
    *BACKTEST_TOOLS,
    *PROMPT_TOOLS,
    *DECISION_TOOLS,
    *STRATEGY_WRITES,
    *SIGNAL_WRITES,
    *DESK_WRITES,
)


def tools_of(kind: AssistantKind) -> tuple[Tool, ...]:
    """Return the tools of an assistant, in the order of the table."""
    return tuple(tool for tool in TOOLS if kind in tool.kinds)


def infos_of(kind: AssistantKind) -> tuple[ToolInfo, ...]:
    """Return the tools of an assistant as a person is told of them."""
    return tuple(info_of(tool) for tool in tools_of(kind))


@cache
def specs_of(kind: AssistantKind) -> tuple[ToolSpec, ...]:
    """Return the tools of an assistant as its model is told of them."""
    return tuple(spec_of(tool) for tool in tools_of(kind))


def find_tool(kind: AssistantKind, name: str) -> Tool:
    """Return a tool of an assistant; raises `NotFound` naming its tools."""
    for tool in tools_of(kind):
        if tool.name == name:
            return tool
    names = ", ".join(tool.name for tool in tools_of(kind))
    raise NotFound(f"tool: there is no {safe_line(name, 60)}; there are {names}", field="tool")

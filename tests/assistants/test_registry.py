"""The table of tools: what a model is told of each, and that nothing else gets through."""

from __future__ import annotations

import re

import msgspec
import pytest

from engine.assistants.registry import TOOLS, find_tool, infos_of, specs_of, tools_of
from engine.assistants.tools.tool import MAX_ARGUMENTS, Tool, WriteTool, decoded, spec_of
from engine.errors import InvalidInput, NotFound
from engine.model.assistant import AssistantKind

BY_NAME = {tool.name: tool for tool in TOOLS}

ASKED_FOR = {
    AssistantKind.PROGRAM: "get_api_docs get_current_code validate_code test_run_code quick_verify_strategy "
    "query_market_data query_factors get_backtest_history get_trigger_list get_trigger_details run_backtest "
    "suggest_save_code bind_program",
    AssistantKind.SIGNAL: "get_indicators_batch get_kline_context predict_signal_combination "
    "run_signal_backtest get_signal_pools save_signal save_pool",
    AssistantKind.PROMPT: "get_variables_reference validate_variables preview_prompt query_factors "
    "get_decision_list get_decision_details get_trader_details get_prompt_context query_market_data "
    "suggest_apply_prompt bind_prompt",
    AssistantKind.ATTRIBUTION: "list_ai_accounts get_attribution_summary get_trade_decision_chain "
    "get_signal_pool_config get_prompt_template suggest_prompt_modification",
    AssistantKind.DESK: "get_system_overview diagnose_trader_issues get_watchlist get_kline_context get_flow "
    "get_market_regime get_execution_log create_trader update_trader suggest_delete save_factor",
}


@pytest.mark.parametrize("kind", AssistantKind)
def test_every_assistant_has_the_tools_the_contract_names(kind: AssistantKind) -> None:
    names = {info.name for info in infos_of(kind)}
    assert set(ASKED_FOR[kind].split()) <= names
    assert [spec.name for spec in specs_of(kind)] == [info.name for info in infos_of(kind)]


def test_no_two_tools_share_a_name_and_every_name_suits_every_vendor() -> None:
    assert len(BY_NAME) == len(TOOLS)
    assert all(re.fullmatch(r"[a-z_]{3,64}", name) for name in BY_NAME)
    assert all(not re.search("web|fetch|key|passphrase|kill|order", name) for name in BY_NAME)


@pytest.mark.parametrize("tool", TOOLS, ids=BY_NAME)
def test_parameters_are_a_flat_closed_object(tool: Tool) -> None:
    schema = msgspec.json.decode(spec_of(tool).parameters)
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert set(schema.get("required", ())) <= set(schema["properties"])
    assert "$ref" not in spec_of(tool).parameters, "a reference would point nowhere"


def test_a_choice_names_what_may_be_chosen() -> None:
    schema = msgspec.json.decode(spec_of(BY_NAME["save_pool"]).parameters)
    assert schema["properties"]["logic"] == {"type": "string", "enum": ["and", "or"], "default": "and"}


@pytest.mark.parametrize("tool", TOOLS, ids=BY_NAME)
def test_what_writes_says_that_a_person_confirms_it(tool: Tool) -> None:
    assert isinstance(tool, WriteTool) == ("A person" in tool.meaning)


def test_arguments_that_do_not_fit_are_refused_in_words() -> None:
    kind = BY_NAME["get_trader_details"].parameters
    assert decoded(kind, '{"trader_id": "2"}').trader_id == 2
    for broken in ('{"trader_id": 1, "drop": true}', "{}", "[1]", '{"trader_id"', '{"trader_id": "two"}'):
        with pytest.raises(InvalidInput, match="arguments"):
            decoded(kind, broken)
    with pytest.raises(InvalidInput, match="arguments"):
        decoded(kind, " " * (MAX_ARGUMENTS + 1))
    with pytest.raises(InvalidInput, match="arguments"):
        decoded(kind, "[" * 100_000)
    assert decoded(BY_NAME["list_programs"].parameters, "") is not None


def test_an_assistant_has_only_its_own_tools() -> None:
    assert find_tool(AssistantKind.SIGNAL, "save_pool") in tools_of(AssistantKind.SIGNAL)
    with pytest.raises(NotFound, match="there is no save_pool"):
        find_tool(AssistantKind.ATTRIBUTION, "save_pool")
    with pytest.raises(NotFound, match=r"there is no \[/foo\]"):
        find_tool(AssistantKind.DESK, "[/foo]\x1b[2J")

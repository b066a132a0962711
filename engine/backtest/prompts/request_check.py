"""What a request for a run over snapshots must be, before anything is loaded or asked."""

from __future__ import annotations

from engine.backtest.prompts.budget import check_max_usd
from engine.backtest.prompts.snapshots import backtest_request_of
from engine.backtest.request_check import check_request_fields
from engine.errors import InvalidInput
from engine.market.periods import parse_period
from engine.model.account import TraderConfig
from engine.model.prompt_backtest import PromptBacktestRequest
from engine.strategies.prompts.render import MAX_TEMPLATE_CHARACTERS

MAX_SAMPLES = 100_000


def check_snapshots(request: PromptBacktestRequest, trader: TraderConfig) -> None:
    """Raise `InvalidInput` for the first field that no run could use."""
    if not request.model.strip():
        raise InvalidInput.of("model", "nothing", "the name of a model")
    if not request.text.strip() or len(request.text) > MAX_TEMPLATE_CHARACTERS:
        allowed = f"1 to {MAX_TEMPLATE_CHARACTERS:,} characters"
        raise InvalidInput.of("text", f"a prompt of {len(request.text):,} characters", allowed)
    if not 1 <= request.max_samples <= MAX_SAMPLES:
        raise InvalidInput.of("max_samples", request.max_samples, f"1 to {MAX_SAMPLES:,}")
    check_max_usd(request.max_usd)
    if not request.symbols:
        raise InvalidInput.of("symbols", "none", "name at least one")
    parse_period(request.period)
    check_request_fields(backtest_request_of(request, trader))

"""What a run of a model took so far, and when it has taken enough."""

from __future__ import annotations

from decimal import Decimal

from engine.errors import DecisionRefused, DeskError, InvalidInput
from engine.language_models.base import (
    DeltaListener,
    LanguageModel,
    ModelReply,
    ModelRequest,
    ignore_delta,
)
from engine.language_models.spending import CAP_REACHED


def check_max_usd(max_usd: Decimal | None) -> None:
    """Raise `InvalidInput` for a bound in USD under which nothing could be asked; None is no bound."""
    if max_usd is not None and not max_usd > 0:
        raise InvalidInput.of("max_usd", max_usd, "above 0, or none for no bound")


class Budget:
    """Counts the calls of one run; `max_usd` None is no bound.

    Calls under way when the bound is reached still come to their end, so that what is spent may exceed it
    by what they cost. A call without a price counts its tokens alone, in `unpriced`.
    """

    def __init__(self, max_usd: Decimal | None) -> None:
        self.max_usd = max_usd
        self.spent_usd = Decimal(0)
        self.tokens = 0
        self.cached = 0
        self.unpriced = 0

    @property
    def is_spent(self) -> bool:
        """Whether nothing more may be asked."""
        return self.max_usd is not None and self.spent_usd >= self.max_usd

    @property
    def reason(self) -> str:
        """Why nothing more may be asked, in words."""
        return f"the budget of {self.max_usd:f} USD is spent"

    def count(self, reply: ModelReply) -> None:
        """Add what a reply took."""
        self.tokens += reply.usage.total
        self.cached += reply.cached
        if reply.cost_usd is None:
            self.unpriced += 1
        else:
            self.spent_usd += reply.cost_usd

    def count_failed(self, error: DeskError) -> None:
        """Add what a call took that came to nothing; one that was never sent took nothing."""
        self.tokens += int(error.details.get("tokens", 0))
        self.spent_usd += Decimal(error.details.get("cost_usd", 0))

    def warnings(self, model: str) -> tuple[str, ...]:
        """Return what the budget could not see."""
        if not self.unpriced or self.max_usd is None:
            return ()
        return (
            f"the price of {model} is not known: {self.unpriced:,} calls are not in the budget of"
            f" {self.max_usd:f} USD",
        )


class BudgetedModel(LanguageModel):
    """A model that is asked only while its budget lasts."""

    def __init__(self, model: LanguageModel, budget: Budget) -> None:
        self._model = model
        self._budget = budget

    async def ask(
        self,
        request: ModelRequest,
        *,
        on_reasoning: DeltaListener = ignore_delta,
        on_content: DeltaListener = ignore_delta,
    ) -> ModelReply:
        """Ask the model; raises `DecisionRefused` once the budget is spent, else as the model does."""
        if self._budget.is_spent:
            raise DecisionRefused(self._budget.reason, reason=CAP_REACHED)
        try:
            reply = await self._model.ask(request, on_reasoning=on_reasoning, on_content=on_content)
        except DeskError as error:
            self._budget.count_failed(error)
            raise
        self._budget.count(reply)
        return reply

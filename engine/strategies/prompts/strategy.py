"""The prompt strategy: gate, render, ask, validate, and once more if that may be repaired."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from engine.errors import DecisionRefused, DeskError, ReplyUnusable, StrategyFailed
from engine.language_models.base import LanguageModel, Message, ModelReply
from engine.language_models.safe_stream import SafeTextStream
from engine.model.decision import Decision, DecisionStage
from engine.model.language_model import CallPurpose
from engine.model.prompt import Prompt
from engine.strategies.base import StrategyReply, TextListener
from engine.strategies.context import StrategyContext
from engine.strategies.decision import MAX_REPLY_BYTES
from engine.strategies.prompts.gate import Gate
from engine.strategies.prompts.render import render_prompt
from engine.strategies.prompts.repair import repair_messages
from engine.strategies.prompts.request import decision_request, decisions_of
from engine.strategies.prompts.view import PromptViews
from engine.text import safe_text

type ModelChoice = Callable[[StrategyContext, CallPurpose], LanguageModel]
"""Returns the model to ask for a decision or for its repair."""


class PromptStrategy:
    """Decides by one prompt on one model; both are asked for anew at each decision.

    The model's only way to act is the text it returns, and `validate_decisions` stands between that
    text and everything else. The trader of the context says which model, how and with which limits.
    """

    def __init__(
        self, *, model: ModelChoice, template: Callable[[], Prompt], views: PromptViews, gate: Gate
    ) -> None:
        self._model = model
        self._template = template
        self._views = views
        self._gate = gate

    async def decide(self, context: StrategyContext, on_text: TextListener) -> StrategyReply:
        """Ask the model, handing its reasoning to `on_text` as it streams.

        Raises `DecisionRefused` where the gate does, `ReplyUnusable` and `StrategyFailed`, as `Strategy`
        says.
        """
        exchange = _Exchange(on_text)
        try:
            return await self._decided(context, exchange)
        except (DecisionRefused, StrategyFailed) as error:
            error.details |= exchange.details()
            raise
        except DeskError as error:
            raise StrategyFailed(error.message, **error.details | exchange.details()) from error

    async def _decided(self, context: StrategyContext, exchange: _Exchange) -> StrategyReply:
        self._gate(context)
        exchange.stage = DecisionStage.RENDER
        prompt = self._template()
        view = await self._views.view(prompt.text, context)
        exchange.prompt = render_prompt(prompt.text, view).text
        asked = (Message(role="user", content=exchange.prompt),)
        answer = await self._ask(context, CallPurpose.DECISION, asked, exchange)
        try:
            decisions = _validated(answer, context, exchange)
        except ReplyUnusable as refusal:
            if not context.trader.policy.repairs:
                raise
            decisions = await self._repaired(context, answer, refusal, exchange)
        return StrategyReply(
            decisions=decisions,
            prompt=exchange.prompt,
            reply=exchange.reply,
            reasoning=exchange.reasoning,
            tokens=exchange.tokens,
            latency_ms=exchange.latency_ms,
            cost_usd=exchange.cost_usd,
            strategy=prompt.name,
            strategy_version=prompt.version,
            model=context.trader.model,
        )

    async def _repaired(
        self, context: StrategyContext, answer: ModelReply, refusal: ReplyUnusable, exchange: _Exchange
    ) -> tuple[Decision, ...]:
        messages = repair_messages(exchange.prompt, answer.content, refusal.message)
        try:
            repaired = await self._ask(context, CallPurpose.REPAIR, messages, exchange)
        except DecisionRefused:
            # No more may be spent: what was wrong with the reply is what there is to say.
            exchange.stage = DecisionStage.PARSE
            raise refusal from None
        return _validated(repaired, context, exchange)

    async def _ask(
        self,
        context: StrategyContext,
        purpose: CallPurpose,
        messages: tuple[Message, ...],
        exchange: _Exchange,
    ) -> ModelReply:
        exchange.stage = DecisionStage.MODEL
        request = decision_request(context.trader, messages)
        try:
            answer = await self._model(context, purpose).ask(request, on_reasoning=exchange.hear)
        except DeskError as error:
            exchange.take_part(error)
            raise
        finally:
            exchange.pause()
        exchange.take(answer)
        return answer


def _validated(answer: ModelReply, context: StrategyContext, exchange: _Exchange) -> tuple[Decision, ...]:
    exchange.stage = DecisionStage.PARSE
    marks = {symbol.symbol: symbol.mark for symbol in context.symbols}
    return decisions_of(answer, context.trader, marks)


class _Exchange:
    """What was sent and said so far; reasoning is made safe as it streams, as exactly what was shown."""

    def __init__(self, on_text: TextListener) -> None:
        self.stage = DecisionStage.GATE
        self.prompt = ""
        self.reply = ""
        self.tokens = 0
        self.latency_ms = 0
        self.cost_usd: Decimal | None = None
        self._on_text = on_text
        self._stream = SafeTextStream()
        self._shown: list[str] = []

    @property
    def reasoning(self) -> str:
        return "".join(self._shown)

    def hear(self, delta: str) -> None:
        self._show(self._stream.feed(delta))

    def pause(self) -> None:
        """Show what was held back: the answer has ended, whole or not."""
        self._show(self._stream.finish())

    def take(self, answer: ModelReply) -> None:
        self.reply = safe_text(answer.content, MAX_REPLY_BYTES)
        self.tokens += answer.usage.total
        self.latency_ms += answer.latency_ms
        if answer.cost_usd is not None:
            self.cost_usd = (self.cost_usd or Decimal(0)) + answer.cost_usd

    def take_part(self, error: DeskError) -> None:
        """Add what there is of an answer that is not whole: it is recorded and never read."""
        if said := error.details.get("reply"):
            self.reply = safe_text(said, MAX_REPLY_BYTES)
        self.tokens += int(error.details.get("tokens", 0))
        if (cost := error.details.get("cost_usd")) is not None:
            self.cost_usd = (self.cost_usd or Decimal(0)) + Decimal(cost)

    def details(self) -> dict[str, str]:
        """Return what there is, for an error."""
        texts = {"prompt": self.prompt, "reasoning": self.reasoning, "reply": self.reply}
        cost = {} if self.cost_usd is None else {"cost_usd": str(self.cost_usd)}
        return texts | cost | {"stage": self.stage.value, "tokens": str(self.tokens)}

    def _show(self, text: str) -> None:
        if text:
            self._shown.append(text)
            self._on_text(text)

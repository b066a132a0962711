"""The prompt strategy: render, ask, validate; every step's exact text is kept."""

from __future__ import annotations

from engine.errors import StrategyFailed
from engine.language_models.client import ChatClient
from engine.language_models.safe_stream import SafeTextStream
from engine.language_models.wire import ChatMessage
from engine.settings import PromptSettings
from engine.strategies.base import StrategyReply, TextListener
from engine.strategies.context import StrategyContext
from engine.strategies.decision import MAX_REPLY_BYTES, validate_decisions
from engine.strategies.prompts.render import render_prompt
from engine.strategies.prompts.templates import PromptTemplate
from engine.text import safe_text


class PromptStrategy:
    """Asks one model with one template.

    The model's only way to act is the text it returns, and `validate_decisions` stands between that
    text and everything else.
    """

    def __init__(
        self, client: ChatClient, model: str, template: PromptTemplate, settings: PromptSettings
    ) -> None:
        self._client = client
        self._model = model
        self._template = template
        self._settings = settings

    async def decide(self, context: StrategyContext, on_text: TextListener) -> StrategyReply:
        """Ask the model once, handing its reasoning to `on_text` as it streams.

        Raises `StrategyFailed` or `ReplyUnusable`; their `details` hold what there is of `prompt`,
        `reasoning` and `reply`, so that a failure can be looked into like any decision.
        """
        prompt = render_prompt(self._template.text, context).text
        reasoning = _Reasoning(on_text)
        reply = ""
        try:
            answer = await self._client.complete(
                self._model, [ChatMessage("user", prompt)], self._settings, reasoning.hear
            )
            reply = safe_text(answer.content, MAX_REPLY_BYTES)
            decisions = validate_decisions(
                answer.content,
                symbols=context.trader.symbols,
                max_leverage=context.trader.limits.max_leverage,
            )
        except StrategyFailed as error:
            reasoning.finish()
            error.details |= {"prompt": prompt, "reasoning": reasoning.text, "reply": reply}
            raise
        reasoning.finish()
        return StrategyReply(
            decisions=decisions,
            prompt=prompt,
            reply=reply,
            reasoning=reasoning.text,
            tokens=answer.tokens,
            latency_ms=answer.latency_ms,
        )


class _Reasoning:
    """Makes reasoning safe as it streams and remembers exactly what was shown."""

    def __init__(self, on_text: TextListener) -> None:
        self._on_text = on_text
        self._stream = SafeTextStream()
        self._shown: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self._shown)

    def hear(self, delta: str) -> None:
        self._show(self._stream.feed(delta))

    def finish(self) -> None:
        self._show(self._stream.finish())

    def _show(self, text: str) -> None:
        if text:
            self._shown.append(text)
            self._on_text(text)

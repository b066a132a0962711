"""A program as a strategy: context in, validated decisions out."""

from __future__ import annotations

from engine.errors import ReplyUnusable, StrategyFailed, Unavailable
from engine.settings import SandboxSettings
from engine.strategies.base import StrategyReply, TextListener
from engine.strategies.context import StrategyContext
from engine.strategies.decision import validate_decisions
from engine.strategies.programs.host import SandboxHost, SandboxLimits
from engine.strategies.programs.payload import ProgramParameters, payload_of


class ProgramStrategy:
    """One program bound to one trader; `program_id` must be that binding's own, for it keys the session."""

    def __init__(
        self,
        host: SandboxHost,
        program_id: str,
        source: str,
        params: ProgramParameters,
        settings: SandboxSettings,
    ) -> None:
        self._host = host
        self._program_id = program_id
        self._source = source
        self._params = params
        self._limits = SandboxLimits(seconds=settings.seconds)

    async def decide(self, context: StrategyContext, on_text: TextListener) -> StrategyReply:
        """Run the program once; what it printed goes to `on_text` whether or not the run succeeds.

        Raises `StrategyFailed` with one sentence: what happened, at which line of the program; and
        `ReplyUnusable` when the decision breaks a rule.
        """
        payload = payload_of(context, self._params)
        try:
            reply = await self._host.run(self._program_id, self._source, payload, self._limits)
        except Unavailable as error:
            raise StrategyFailed(error.message) from error
        if reply.output:
            on_text(reply.output)
        if reply.error is not None:
            raise StrategyFailed(reply.error.sentence())
        try:
            decisions = validate_decisions(
                reply.decision,
                symbols=context.trader.symbols,
                max_leverage=context.trader.limits.max_leverage,
            )
        except ReplyUnusable:
            self._host.count_failure(self._program_id)
            raise
        return StrategyReply(
            decisions=decisions,
            reply=reply.decision,
            reasoning=reply.output,
            latency_ms=round(reply.guest_us / 1000),
        )

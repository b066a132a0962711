"""The way to every model: key, address, caps, places, price and record behind one `ask`."""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from decimal import Decimal

import msgspec

from engine.clock import Clock
from engine.errors import DecisionRefused, DeskError, NotFound
from engine.language_models.base import DeltaListener, LanguageModel, ModelReply, ModelRequest, ignore_delta
from engine.language_models.call import ChatCall
from engine.language_models.call_record import CallAccount, model_call
from engine.language_models.client import ChatClient
from engine.language_models.connection_book import ConnectionBook
from engine.language_models.connection_test import run_connection_test
from engine.language_models.endpoint import Endpoint, RulesEndpoint
from engine.language_models.faults import ModelFault, model_error
from engine.language_models.keys import KeyReader, has_key, key_of
from engine.language_models.limits import limits_of
from engine.language_models.places import Claim, Places
from engine.language_models.prices import cost_of, facts_of
from engine.language_models.spending import CAP_REACHED, DayTotals, Taken, check_unpriced
from engine.language_models.tokens import request_tokens
from engine.language_models.vendors import RULES, VendorRow, vendor_row
from engine.model.account import ModelPolicy
from engine.model.language_model import (
    CallPurpose,
    ConnectionState,
    ConnectionTest,
    KeySource,
    ModelCall,
    ModelConnection,
    Spending,
    TokenUsage,
)
from engine.secrecy.secret import Secret
from engine.settings import PromptSettings

EXPECTED_OUTPUT_TOKENS = 2048
"""What an answer is expected to take where a request sets no bound."""

WINDOW_SLACK = 1.1
"""An estimate is refused only this far beyond the window: it may be wrong, the server is not."""

RULES_CONNECTION = ModelConnection(
    connection_id=0,
    name="rules model",
    vendor=RULES.name,
    base_url="",
    key_source=KeySource.NONE,
    max_concurrent=64,
)
_DESK_POLICY = ModelPolicy()


class Gateway:
    """A `ModelSource` over the desk's connections; lives on one event loop.

    `policies` gives a trader's policy; `record` keeps each call, failed ones too; `spent` are the totals
    known from before; `rules` starts the rules model; `tell` hears of each connection whose figures
    changed. `wall` is the wall clock, which caps count by.
    """

    def __init__(
        self,
        *,
        book: ConnectionBook,
        vault: KeyReader,
        settings: PromptSettings,
        policies: Callable[[int], ModelPolicy],
        record: Callable[[ModelCall], object],
        spent: Iterable[Spending],
        rules: Callable[[], Awaitable[RulesEndpoint]],
        wall: Clock,
        tell: Callable[[ConnectionState], None],
        environment: Mapping[str, str] = os.environ,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._book = book
        self._vault = vault
        self._settings = settings
        self._policies = policies
        self._record = record
        self._rules = rules
        self._wall = wall
        self._tell = tell
        self._environment = environment
        self._totals = DayTotals(spent, wall.now_ms())
        self._places = Places(settings.max_concurrent)
        self._client = ChatClient(clock=wall, jitter=jitter)

    def model_for(
        self, connection_id: int, *, purpose: CallPurpose, trader_id: int = 0, subject: str = ""
    ) -> LanguageModel:
        """See `engine.language_models.base.ModelSource`."""
        self._connection(connection_id)
        account = CallAccount(purpose=purpose, trader_id=trader_id, subject=subject)
        return _ModelOnConnection(self, lambda: self._connection(connection_id), account, None)

    def why_not(self, connection_id: int, trader_id: int = 0) -> str:
        """See `engine.language_models.base.ModelSource`."""
        error = self.refusal(connection_id, trader_id)
        return "" if error is None else error.message

    def refusal(self, connection_id: int, trader_id: int = 0) -> DeskError | None:
        """Return the error a call would raise before anything is sent, None where it would be sent.

        `DecisionRefused` for a cap that is reached, `VaultLocked` or another for what a person must mend.
        """
        try:
            connection = self._connection(connection_id)
            if connection_id:
                self._key(connection, None)
        except DeskError as error:
            return error
        why = self._totals.why_not(connection, trader_id, self._policy(trader_id), self._wall.now_ms())
        return DecisionRefused(why, reason=CAP_REACHED) if why else None

    def states(self) -> tuple[ConnectionState, ...]:
        """Return how every connection that is not deleted stands, by id."""
        return tuple(map(self.state, self._book.connections))

    def state(self, connection: ModelConnection) -> ConnectionState:
        """Return how a connection stands."""
        connection_id = connection.connection_id
        today = self._totals.of_connection(connection_id, self._wall.now_ms())
        return ConnectionState(
            connection=connection,
            has_key=has_key(connection, self._vault, self._environment),
            problem="" if connection.deleted else self.why_not(connection_id),
            calls_running=self._places.running(connection_id),
            calls_waiting=self._places.waiting(connection_id),
            calls_today=today.calls,
            tokens_today=today.tokens,
            usd_today=today.cost_usd,
        )

    async def test(self, connection: ModelConnection, model: str, key: Secret | None) -> ConnectionTest:
        """Ask a model of a connection that need not be kept; see `engine.desk.models.ModelDesk`."""
        account = CallAccount(purpose=CallPurpose.TEST)
        asked = _ModelOnConnection(self, lambda: connection, account, key)
        try:
            connection = self._book.checked(connection)
            row = vendor_row(connection.vendor)
            endpoint = Endpoint(connection.base_url, self._key(connection, key))
        except DeskError as error:
            return ConnectionTest(success=False, message=error.message, model=model)
        listed = await self._client.models(endpoint, limits_of(self._settings, connection, row, model))
        name = model or next(iter((*listed, *row.models)), "")
        if not name:
            message = f"model server {connection.base_url}: it lists no models; name one to test"
            return ConnectionTest(success=False, message=message)
        return await run_connection_test(asked, name, listed)

    async def close(self) -> None:
        """Close every connection to a server; a later call opens new ones."""
        await self._client.close()

    async def ask(
        self,
        connection: ModelConnection,
        request: ModelRequest,
        account: CallAccount,
        key: Secret | None,
        on_reasoning: DeltaListener,
        on_content: DeltaListener,
    ) -> ModelReply:
        """Ask a connection's model on an account; `key` None takes the connection's own.

        Raises what `LanguageModel.ask` does.
        """
        row = self._row(connection)
        policy = self._policy(account.trader_id)
        prompt_tokens = request_tokens(request)
        _check_window(connection, request.model, prompt_tokens)
        expected = self._expected(connection, row, request, prompt_tokens, account.trader_id, policy)
        claim = Claim(
            connection_id=connection.connection_id,
            connection_limit=connection.max_concurrent,
            trader_id=account.trader_id,
            trader_limit=policy.max_concurrent,
        )
        try:
            async with self._places.held(claim):
                self._say(connection)
                now_ms = self._wall.now_ms()
                with self._totals.expecting(connection, account.trader_id, policy, expected, now_ms):
                    # After the wait: the vault may have been closed meanwhile.
                    endpoint = await self._endpoint(connection, key)
                    limits = limits_of(self._settings, connection, row, request.model)
                    call = ChatCall(
                        endpoint, row, request, limits, on_reasoning=on_reasoning, on_content=on_content
                    )
                    return await self._complete(connection, row, request, account, call)
        finally:
            self._say(connection)

    async def _complete(
        self,
        connection: ModelConnection,
        row: VendorRow,
        request: ModelRequest,
        account: CallAccount,
        call: ChatCall,
    ) -> ModelReply:
        """Make a call, and keep what came of it whether it failed, was cancelled or is whole."""
        started_ms, failure = self._wall.now_ms(), "cancelled"
        failed: DeskError | None = None
        try:
            await self._client.complete(call)
            failure = ""
        except DeskError as error:
            failed, failure = error, error.message
            raise
        finally:
            so_far = call.so_far()
            cost = so_far.cost_usd
            if cost is None:
                cost = cost_of(so_far.usage, request.model, connection, row)
            reply = msgspec.structs.replace(so_far, cost_usd=cost)
            made = model_call(connection, request, account, started_ms, reply, failure)
            self._totals.add(made)
            self._record(made)
            if failed is not None:  # whoever asked has to account for it too
                failed.details["tokens"] = str(reply.usage.total)
                if cost is not None:
                    failed.details["cost_usd"] = str(cost)
        return reply

    async def _endpoint(self, connection: ModelConnection, key: Secret | None) -> Endpoint:
        if connection.vendor == RULES.name:
            rules = await self._rules()
            return Endpoint(rules.base_url, rules.key)
        return Endpoint(connection.base_url, self._key(connection, key))

    def _key(self, connection: ModelConnection, key: Secret | None) -> Secret:
        # A connection may have been kept before the hosts were bounded.
        if connection.key_source is not KeySource.NONE and not self._book.allows_key_to(connection.base_url):
            what = "vault.allow_hosts does not name its host"
            raise model_error(ModelFault.NO_KEY, connection.base_url, what)
        return key_of(connection, self._vault, self._environment) if key is None else key

    def _connection(self, connection_id: int) -> ModelConnection:
        return self._book.connection(connection_id) if connection_id else RULES_CONNECTION

    def _row(self, connection: ModelConnection) -> VendorRow:
        return RULES if connection.vendor == RULES.name else vendor_row(connection.vendor)

    def _policy(self, trader_id: int) -> ModelPolicy:
        return self._policies(trader_id) if trader_id else _DESK_POLICY

    def _expected(
        self,
        connection: ModelConnection,
        row: VendorRow,
        request: ModelRequest,
        prompt_tokens: int,
        trader_id: int,
        policy: ModelPolicy,
    ) -> Taken:
        """Return what a call may come to; raises `DecisionRefused` where no cap could bound it."""
        usage = TokenUsage(
            input=prompt_tokens, output=request.max_output_tokens or EXPECTED_OUTPUT_TOKENS, is_estimate=True
        )
        cost = cost_of(usage, request.model, connection, row)
        if cost is None:
            check_unpriced(connection, trader_id, policy, request.model)
        return Taken(1, usage.total, cost or Decimal(0))

    def _say(self, connection: ModelConnection) -> None:
        """Tell of a connection as it is kept now, which may be changed or gone since the call began."""
        with contextlib.suppress(NotFound):
            if connection.connection_id:
                self._tell(self.state(self._book.connection(connection.connection_id)))


class _ModelOnConnection:
    """One connection's models, on one account; the connection is looked up anew for each call."""

    def __init__(
        self,
        gateway: Gateway,
        connection: Callable[[], ModelConnection],
        account: CallAccount,
        key: Secret | None,
    ) -> None:
        self._gateway = gateway
        self._connection = connection
        self._account = account
        self._key = key

    async def ask(
        self,
        request: ModelRequest,
        *,
        on_reasoning: DeltaListener = ignore_delta,
        on_content: DeltaListener = ignore_delta,
    ) -> ModelReply:
        """See `engine.language_models.base.LanguageModel`."""
        connection = self._connection()
        return await self._gateway.ask(
            connection, request, self._account, self._key, on_reasoning, on_content
        )


def _check_window(connection: ModelConnection, model: str, prompt_tokens: int) -> None:
    """Refuse what cannot fit before it is sent and paid for."""
    facts = facts_of(model)
    if facts is not None and prompt_tokens > facts.context_window * WINDOW_SLACK:
        what = f"about {prompt_tokens} tokens; {facts.name} reads {facts.context_window}"
        raise model_error(ModelFault.CONTEXT_TOO_LONG, connection.base_url, what)

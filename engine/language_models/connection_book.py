"""Every connection of the desk, checked before it is kept.

Pure: what is to be stored is returned. Deleted ones stay known, because calls and decisions name them.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from urllib.parse import urlsplit

import msgspec

from engine.errors import Conflict, InvalidInput, NotFound
from engine.language_models.endpoint import checked_url, is_this_machine
from engine.language_models.vendors import VENDORS, vendor_row
from engine.model.language_model import KeySource, ModelConnection
from engine.names import checked_name, next_id

MAX_CONCURRENT = 64
MAX_SECONDS = 3600.0
MAX_USD = Decimal(1_000_000)
MAX_TOKENS = 10_000_000_000
_CHAT_PATH = "/chat/completions"


class ConnectionBook:
    """Connections by id; any thread may read.

    `allow_hosts` are the hosts a key may be sent to beside the vendors' own and this machine; empty
    allows any.
    """

    def __init__(self, connections: Iterable[ModelConnection], allow_hosts: Iterable[str] = ()) -> None:
        self._connections = {each.connection_id: each for each in connections}
        self._allow_hosts = frozenset(host.casefold() for host in allow_hosts)

    @property
    def connections(self) -> tuple[ModelConnection, ...]:
        """The connections that are not deleted, by id."""
        living = (each for each in tuple(self._connections.values()) if not each.deleted)
        return tuple(sorted(living, key=lambda each: each.connection_id))

    def connection(self, connection_id: int) -> ModelConnection:
        """Return a connection; raises `NotFound`."""
        found = self._connections.get(connection_id)
        if found is None or found.deleted:
            raise NotFound(
                f"connection_id: there is no connection {connection_id}",
                field="connection_id",
                value=str(connection_id),
            )
        return found

    def keep(self, connection: ModelConnection) -> None:
        """Keep what was prepared."""
        self._connections[connection.connection_id] = connection

    def prepare(self, connection: ModelConnection) -> ModelConnection:
        """Return a connection as it would be kept, with its id, without keeping it.

        Raises `NotFound`, `InvalidInput` naming the field, or `Conflict` for a name that is taken.
        """
        if connection.connection_id:
            self.connection(connection.connection_id)
        others = (each.name for each in self.connections if each.connection_id != connection.connection_id)
        return msgspec.structs.replace(
            self.checked(connection),
            connection_id=connection.connection_id or next_id(self._connections),
            name=checked_name("name", connection.name, others),
            deleted=False,
        )

    def checked(self, connection: ModelConnection) -> ModelConnection:
        """Return a connection with its address checked and put right, whatever its name and id.

        Raises `InvalidInput`.
        """
        row = vendor_row(connection.vendor)
        if not connection.base_url.strip():
            if not row.base_url:
                raise InvalidInput.of("base_url", "nothing", "allowed is the server's URL")
            connection = msgspec.structs.replace(connection, base_url=row.base_url)
        base_url = checked_url(connection.base_url.strip())
        if base_url.endswith(_CHAT_PATH):
            raise InvalidInput.of("base_url", base_url, f"allowed is what comes before {_CHAT_PATH}")
        if connection.key_source is not KeySource.NONE:
            self._check_host(base_url)
        _check_ranges(connection)
        return msgspec.structs.replace(connection, base_url=row.address(base_url))

    def without(self, connection_id: int, users: Iterable[str]) -> ModelConnection:
        """Return a connection as it is once deleted; raises `Conflict` naming the traders that use it."""
        connection = self.connection(connection_id)
        if names := ", ".join(users):
            raise Conflict(
                f"connection {connection.name} is used by {names}; give them another first",
                field="connection_id",
                value=str(connection_id),
            )
        return msgspec.structs.replace(connection, deleted=True)

    def allows_key_to(self, base_url: str) -> bool:
        """Return whether a key may be sent to a URL's host."""
        host = (urlsplit(base_url).hostname or "").casefold()
        is_vendors = any(row.is_own(base_url) for row in VENDORS.values())
        return not self._allow_hosts or is_vendors or is_this_machine(host) or host in self._allow_hosts

    def _check_host(self, base_url: str) -> None:
        if self.allows_key_to(base_url):
            return
        allowed = f"a key may be sent to the vendors, this machine and {', '.join(sorted(self._allow_hosts))}"
        raise InvalidInput.of("base_url", base_url, f"{allowed} (vault.allow_hosts)")


def _check_ranges(connection: ModelConnection) -> None:
    if not 1 <= connection.max_concurrent <= MAX_CONCURRENT:
        raise InvalidInput.of(
            "max_concurrent", connection.max_concurrent, f"allowed is 1 to {MAX_CONCURRENT}"
        )
    for field, money in (
        ("daily_usd", connection.daily_usd),
        ("input_price", connection.input_price),
        ("output_price", connection.output_price),
    ):
        if money is not None and not (money.is_finite() and 0 <= money <= MAX_USD):
            raise InvalidInput.of(field, money, f"allowed is 0 to {MAX_USD} USD, or nothing")
    tokens = connection.daily_tokens
    if tokens is not None and not 0 <= tokens <= MAX_TOKENS:
        raise InvalidInput.of("daily_tokens", tokens, f"allowed is 0 to {MAX_TOKENS}, or nothing")
    for field, seconds in (
        ("first_token_seconds", connection.first_token_seconds),
        ("total_seconds", connection.total_seconds),
    ):
        if seconds is not None and not 0 < seconds <= MAX_SECONDS:
            raise InvalidInput.of(field, seconds, f"allowed is above 0 up to {MAX_SECONDS:g}, or nothing")

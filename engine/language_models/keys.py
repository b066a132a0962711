"""Where a connection's key is, and what it is bound to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlsplit

from engine.errors import Conflict, NotFound, VaultLocked
from engine.language_models.faults import ModelFault, model_error
from engine.language_models.vendors import origin, vendor_row
from engine.model.language_model import KeySource, ModelConnection
from engine.secrecy.secret import Secret

KEY_FIELD = "api_key"


class KeyReader(Protocol):
    """What a call needs of the vault."""

    def get(self, record: str, field: str, bound_to: str = "") -> Secret:
        """Return a secret; raises `VaultLocked`, `NotFound`, or `Conflict` if it is bound elsewhere."""
        ...

    def has(self, record: str, field: str, bound_to: str = "") -> bool:
        """Return whether there is such a secret, bound to that; works while the vault is locked."""
        ...


def key_record(connection_id: int) -> str:
    """Return the name under which the vault keeps a connection's key."""
    return f"connection:{connection_id}"


def key_variables(connection: ModelConnection) -> tuple[str, ...]:
    """Return the environment variables a connection's key is looked for in.

    Each is bound to a host by its very name: a vendor's customary one counts only for the vendor's own
    host, and any host has `NIGHTDESK_KEY_` and its name, such as `NIGHTDESK_KEY_LLM_EXAMPLE_ORG`, with the
    port after it where the URL has one.
    """
    row = vendor_row(connection.vendor)
    parts = urlsplit(connection.base_url)
    named = re.sub(r"[^A-Z0-9]", "_", parts.netloc.upper())
    own = (row.key_variable,) if row.key_variable and row.is_own(connection.base_url) else ()
    return (f"NIGHTDESK_KEY_{named}", *own)


def has_key(connection: ModelConnection, vault: KeyReader, environment: Mapping[str, str]) -> bool:
    """Return whether a connection's key can be had, or it needs none; works while the vault is locked."""
    match connection.key_source:
        case KeySource.VAULT:
            record, bound_to = key_record(connection.connection_id), origin(connection.base_url)
            is_kept = vault.has(record, KEY_FIELD, bound_to)
            return is_kept or not vendor_row(connection.vendor).needs_key
        case KeySource.ENVIRONMENT:
            return any(environment.get(name) for name in key_variables(connection))
        case KeySource.NONE:
            return True


def key_of(connection: ModelConnection, vault: KeyReader, environment: Mapping[str, str]) -> Secret:
    """Return a connection's key, empty where it needs none.

    Raises `VaultLocked`, or `ModelFailed` where there is none for this server.
    """
    match connection.key_source:
        case KeySource.VAULT:
            return _vault_key(connection, vault)
        case KeySource.ENVIRONMENT:
            names = key_variables(connection)
            found = next((value for name in names if (value := environment.get(name))), "")
            if not found:
                what = f"neither in {' nor in '.join(names)}" if len(names) > 1 else f"not in {names[0]}"
                raise model_error(ModelFault.NO_KEY, connection.base_url, what)
            return Secret(found)
        case KeySource.NONE:
            return Secret("")


def _vault_key(connection: ModelConnection, vault: KeyReader) -> Secret:
    record, bound_to = key_record(connection.connection_id), origin(connection.base_url)
    is_needed = vendor_row(connection.vendor).needs_key
    if not is_needed and not vault.has(record, KEY_FIELD, bound_to):
        return Secret("")
    try:
        return vault.get(record, KEY_FIELD, bound_to)
    except VaultLocked as error:
        what = f"the vault is locked; unlock it for the key of {connection.name}"
        raise VaultLocked(what, **error.details) from error
    except NotFound as error:
        raise model_error(ModelFault.NO_KEY, connection.base_url, "the vault has none") from error
    except Conflict as error:
        what = "the key in the vault is for another server"
        raise model_error(ModelFault.NO_KEY, connection.base_url, what) from error

"""Every error the desk can raise, and the stable code each carries everywhere.

The tree::

    DeskError                     code            meaning
    ├── InvalidInput              invalid_input   a value out of its range; nothing was done
    │   ├── InvalidOrder          invalid_order   an order that breaks the instrument's rules
    │   └── InvalidSetting        invalid_setting a setting, option or file that cannot be used
    ├── NotFound                  not_found       no such trader, order, position or symbol
    ├── Conflict                  conflict        the thing exists but its state forbids the action
    ├── OrderDenied               order_denied    our own risk gate said no (never reached the venue)
    ├── OrderRejected             order_rejected  the venue said no
    ├── StrategyFailed            strategy_failed a program or a model raised, hung or answered junk
    │   ├── ReplyUnusable         reply_unusable  a reply that could not be fully parsed
    │   └── ModelFailed           model_failed    a language model could not be asked or did not answer
    ├── DecisionRefused           decision_refused the gate before the model said no; nothing was asked
    ├── StoreFailed               store_failed    the database cannot be opened, read or written
    │   └── HomeLocked            home_locked     another desk runs on this home directory
    ├── Unavailable               unavailable     a part of the desk is not running (yet)
    │   └── VaultLocked           vault_locked    a secret is needed and the vault is not open
    ├── WrongPassphrase           wrong_passphrase the vault does not open with that
    └── Lagged                    lagged          a reader fell behind a lossless stream's bound

The same codes travel in Python, REST and sockets; `details` holds the machine-readable parts
(`field`, `value`, `allowed`, `reason`), the message the same in words.
"""

from __future__ import annotations

from typing import ClassVar


class DeskError(Exception):
    """The root of every error the desk raises on purpose."""

    code: ClassVar[str] = "desk_error"

    def __init__(self, message: str, **details: str) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class InvalidInput(DeskError):
    """A value is out of its allowed range; nothing was done.

    `details` names the `field`, the `value` given and what is `allowed`.
    """

    code = "invalid_input"

    @classmethod
    def of(cls, field: str, value: object, allowed: str) -> InvalidInput:
        """Build the error with the one sentence shape used everywhere."""
        return cls(
            f"{field}: {value} is not allowed; {allowed}", field=field, value=str(value), allowed=allowed
        )


class InvalidOrder(InvalidInput):
    """An order breaks the instrument's or the order type's rules."""

    code = "invalid_order"


class InvalidSetting(InvalidInput):
    """A setting, command-line option or configuration file cannot be used."""

    code = "invalid_setting"


class NotFound(DeskError):
    """There is no such trader, order, position or symbol."""

    code = "not_found"


class Conflict(DeskError):
    """The thing exists, but its present state forbids the action."""

    code = "conflict"


class OrderDenied(DeskError):
    """The desk's own risk gate refused the order; it never reached the venue.

    `details["reason"]` is a `engine.trading.risk.DenialReason` value.
    """

    code = "order_denied"


class OrderRejected(DeskError):
    """The venue refused the order."""

    code = "order_rejected"


class StrategyFailed(DeskError):
    """A program or a model raised, hung, or broke a limit."""

    code = "strategy_failed"


class ReplyUnusable(StrategyFailed):
    """A reply could not be fully parsed or validated, so nothing trades on it."""

    code = "reply_unusable"


class ModelFailed(StrategyFailed):
    """A language model could not be asked, or its answer did not come whole.

    `details["fault"]` is an `engine.language_models.faults.ModelFault` value.
    """

    code = "model_failed"


class DecisionRefused(DeskError):
    """The gate before the model refused: not active, no money, stale data, or a day's cap reached.

    Nothing was asked and nothing is wrong with the strategy; `details["reason"]` is a
    `engine.strategies.prompts.gate.GateReason` value.
    """

    code = "decision_refused"


class StoreFailed(DeskError):
    """The database cannot be opened, migrated, read or written."""

    code = "store_failed"


class HomeLocked(StoreFailed):
    """Another desk already runs on this home directory."""

    code = "home_locked"


class Unavailable(DeskError):
    """A part of the desk is not running, or not running yet."""

    code = "unavailable"


class VaultLocked(Unavailable):
    """A secret is needed and the vault is not open; `details` names its `record` and `field`."""

    code = "vault_locked"


class WrongPassphrase(DeskError):
    """The vault does not open with that passphrase; `details["wait"]` are seconds to wait."""

    code = "wrong_passphrase"


class Lagged(DeskError):
    """A reader fell behind a lossless stream's bound and must re-read a snapshot."""

    code = "lagged"

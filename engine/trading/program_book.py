"""Every program and binding of the desk, checked before it is kept.

Pure: what is to be stored is returned. Deleted ones stay known, because the log of their runs names
them. Whether a source is sound is for `engine.strategies.programs.validation` to say.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import msgspec

from engine.errors import Conflict, InvalidInput, NotFound
from engine.model.account import TraderConfig, TraderKind
from engine.model.program import Binding, Parameter, Program, ProgramVersion
from engine.names import checked_name, next_id
from engine.text import safe_line, safe_text

MAX_DESCRIPTION = 1_000
MAX_PARAMETERS = 100
MAX_PARAMETER_NAME = 60
MAX_PARAMETER_TEXT = 1_000
MAX_SCHEDULE_SECONDS = 7 * 86_400
EXCHANGES = ("paper",)


class ProgramBook:
    """Programs and bindings by id; any thread may read."""

    def __init__(self, programs: Iterable[Program], bindings: Iterable[Binding]) -> None:
        self._programs = {program.program_id: program for program in programs}
        self._bindings = {binding.binding_id: binding for binding in bindings}

    @property
    def programs(self) -> tuple[Program, ...]:
        """The programs that are not deleted, by id."""
        living = (program for program in tuple(self._programs.values()) if not program.deleted)
        return tuple(sorted(living, key=lambda program: program.program_id))

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """The bindings that are not deleted, by id."""
        living = (binding for binding in tuple(self._bindings.values()) if not binding.deleted)
        return tuple(sorted(living, key=lambda binding: binding.binding_id))

    def program(self, program_id: int) -> Program:
        """Return a program; raises `NotFound`."""
        found = self._programs.get(program_id)
        if found is None or found.deleted:
            raise _nothing("program", program_id)
        return found

    def binding(self, binding_id: int) -> Binding:
        """Return a binding; raises `NotFound`."""
        found = self._bindings.get(binding_id)
        if found is None or found.deleted:
            raise _nothing("binding", binding_id)
        return found

    def known_program(self, program_id: int) -> Program:
        """Return a program there is or was."""
        return self._programs[program_id]

    def known_binding(self, binding_id: int) -> Binding:
        """Return a binding there is or was."""
        return self._bindings[binding_id]

    def bindings_of(self, program_id: int) -> tuple[Binding, ...]:
        """Return the bindings of a program."""
        return tuple(binding for binding in self.bindings if binding.program_id == program_id)

    def keep(self, value: Program | Binding) -> None:
        """Keep what was prepared."""
        if isinstance(value, Program):
            self._programs[value.program_id] = value
        else:
            self._bindings[value.binding_id] = value

    def prepare_program(self, program: Program, now_ms: int) -> Program:
        """Return a program as it would be kept, with its id and version, without keeping it.

        A source that differs from the last one makes a new version. Raises `NotFound`,
        `InvalidInput`, or `Conflict` for a name that is taken.
        """
        before = self.program(program.program_id) if program.program_id else None
        others = (known.name for known in self.programs if known.program_id != program.program_id)
        version = 1 if before is None else before.version + (before.code != program.code)
        return msgspec.structs.replace(
            program,
            program_id=program.program_id or next_id(self._programs),
            name=checked_name("name", program.name, others),
            description=safe_text(program.description, MAX_DESCRIPTION),
            params=_checked_params(program.params),
            version=version,
            created_ms=now_ms if before is None else before.created_ms,
            updated_ms=now_ms,
            deleted=False,
        )

    def changed_source(self, prepared: Program) -> ProgramVersion | None:
        """Return the version that a prepared program adds, None when its source is the one kept."""
        before = self._programs.get(prepared.program_id)
        if before is not None and before.code == prepared.code:
            return None
        return ProgramVersion(
            program_id=prepared.program_id,
            version=prepared.version,
            code=prepared.code,
            saved_ms=prepared.updated_ms,
        )

    def without_program(self, program_id: int, trader_names: Mapping[int, str]) -> Program:
        """Return a program as it is once deleted; raises `Conflict` naming the traders that run it."""
        program = self.program(program_id)
        if users := self.bindings_of(program_id):
            names = ", ".join(
                f"{trader_names.get(each.trader_id, each.trader_id)} (binding {each.binding_id})"
                for each in users
            )
            raise Conflict(f"program: {program.name} is run by {names}; delete the binding first")
        return msgspec.structs.replace(program, deleted=True)

    def prepare_binding(
        self, binding: Binding, traders: Mapping[int, TraderConfig], check_pool: Callable[[int], object]
    ) -> Binding:
        """Return a binding as it would be kept, with its id, without keeping it.

        `check_pool` raises for a pool there is not. Raises as `engine.desk.programs.ProgramDesk` says.
        """
        if binding.binding_id:
            self._check_same(binding)
        program = self.program(binding.program_id)
        trader = traders.get(binding.trader_id)
        if trader is None:
            raise _nothing("trader", binding.trader_id)
        if trader.kind is not TraderKind.PROGRAM:
            raise Conflict(f"trader_id: {trader.name} is a {trader.kind} trader and runs no programs")
        for other in self.bindings_of(program.program_id):
            if other.trader_id == trader.trader_id and other.binding_id != binding.binding_id:
                raise Conflict(
                    f"program_id: {trader.name} runs {program.name} already, by binding {other.binding_id}",
                    field="program_id",
                )
        for pool_id in binding.pool_ids:
            check_pool(pool_id)
        if not 0 <= binding.schedule_seconds <= MAX_SCHEDULE_SECONDS:
            raise InvalidInput.of(
                "schedule_seconds",
                binding.schedule_seconds,
                f"allowed are 0 (none) to {MAX_SCHEDULE_SECONDS} seconds",
            )
        if binding.exchange not in EXCHANGES:
            raise InvalidInput.of(
                "exchange", safe_line(binding.exchange, 40), f"allowed is {', '.join(EXCHANGES)}"
            )
        return msgspec.structs.replace(
            binding,
            binding_id=binding.binding_id or next_id(self._bindings),
            pool_ids=tuple(dict.fromkeys(binding.pool_ids)),
            params=_checked_params(binding.params),
            deleted=False,
        )

    def _check_same(self, binding: Binding) -> None:
        before = self.binding(binding.binding_id)
        for field in ("trader_id", "program_id"):
            if getattr(binding, field) != getattr(before, field):
                raise InvalidInput.of(
                    field, getattr(binding, field), f"a binding keeps its own, {getattr(before, field)}"
                )


def _nothing(kind: str, identity: int) -> NotFound:
    field = f"{kind}_id"
    return NotFound(f"{field}: there is no {kind} {identity}", field=field, value=str(identity))


def _checked_params(params: Mapping[str, Parameter]) -> dict[str, Parameter]:
    if len(params) > MAX_PARAMETERS:
        raise InvalidInput.of("params", len(params), f"at most {MAX_PARAMETERS} are allowed")
    checked: dict[str, Parameter] = {}
    for name, value in params.items():
        if not 1 <= len(name) <= MAX_PARAMETER_NAME or safe_line(name) != name:
            allowed = f"a name has 1 to {MAX_PARAMETER_NAME} plain characters"
            raise InvalidInput.of("params", repr(safe_line(name, 40)), allowed)
        if isinstance(value, float) and not math.isfinite(value):
            raise InvalidInput.of("params", f"{name} = {value}", "numbers are finite")
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise InvalidInput.of("params", name, "whole numbers have at most 63 bits")
        checked[name] = safe_text(value, MAX_PARAMETER_TEXT) if isinstance(value, str) else value
    return checked

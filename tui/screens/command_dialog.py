"""Dialogs that send commands to the desk and stay open: they ask first, and say what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar, cast

from engine.errors import DeskError
from tui.proposals import Proposal
from tui.screens.dialog import DialogScreen
from tui.screens.surface import DeskHost
from tui.wording import refusal_text


class CommandDialog(DialogScreen[None], inherit_bindings=False):
    """A list that is worked on; `refusal_role` colours why a command cannot even be proposed."""

    refusal_role: ClassVar[str] = "danger"

    def say_here(self, text: str, role: str) -> None:
        """Say something inside the dialog."""
        raise NotImplementedError

    def show_outcome(self, proof: str, role: str) -> None:
        """Read the list anew after a command, and say what came of it."""
        raise NotImplementedError

    async def ask(self, make: Callable[[], Proposal]) -> None:
        """Show what a command would do, and run it only after a yes."""
        from tui.screens.confirm import ConfirmScreen

        def answered(proposal: Proposal | None) -> None:
            if proposal is not None:
                self.send(proposal.run)

        try:
            proposal = make()
        except DeskError as error:
            self.say_here(refusal_text(error), self.refusal_role)
            return
        await self.app.push_screen(ConfirmScreen(proposal, make), answered)

    def send(self, run: Callable[[], Awaitable[str]]) -> None:
        """Run a command to its end, even if the dialog is left, and say what came of it."""

        async def perform() -> None:
            try:
                proof, role = await run(), "gain"
            except DeskError as error:
                proof, role = refusal_text(error), "danger"
            except Exception as error:  # an engine fault must not take the screen with it
                proof, role = f"unexpected {type(error).__name__}: {error}", "danger"
            if self.is_attached:
                self.show_outcome(proof, role)
            else:
                cast(DeskHost, self.app).say(proof, "information" if role == "gain" else "error")

        self.app.run_worker(perform(), group="commands", exit_on_error=False)

"""A parser of options whose errors are one sentence, like every other error of the command line."""

from __future__ import annotations

import argparse
from typing import NoReturn

LONGEST_MESSAGE = 400


class OptionParser(argparse.ArgumentParser):
    """Says what is wrong and where the help is, in place of the whole usage; exit code 2."""

    def error(self, message: str) -> NoReturn:
        """End the program with one line on standard error."""
        from engine.text import safe_line

        self.exit(2, f"nightdesk: {safe_line(message, LONGEST_MESSAGE)}; see {self.prog} --help\n")

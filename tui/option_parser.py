"""A parser of options whose errors are one sentence, and the option that every command has: the home."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

LONGEST_MESSAGE = 400


class OptionParser(argparse.ArgumentParser):
    """Says what is wrong and where the help is, in place of the whole usage; exit code 2."""

    def error(self, message: str) -> NoReturn:
        """End the program with one line on standard error."""
        from engine.text import safe_line

        self.exit(2, f"nightdesk: {safe_line(message, LONGEST_MESSAGE)}; see {self.prog} --help\n")


def home_option[Parser: argparse.ArgumentParser](kind: type[Parser]) -> Parser:
    """Return a parser of `--home` alone, to be a parent of a command's parser and of its commands' parsers.

    Left out, it sets nothing, so that a command without it does not undo one given before the command.
    """
    home = kind(add_help=False)
    home.add_argument(
        "--home", metavar="DIR", type=Path, default=argparse.SUPPRESS, help="where the desk keeps its files"
    )
    return home

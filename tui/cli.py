"""The command line: options, sub-commands and exit codes.

Only the standard library is imported here, so that `--help` and a wrong option answer at once.
Exit codes: 0 done, 1 the desk could not run or broke, 2 a wrong option, 130 interrupted, 141 nobody
reads the output any more.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

BROKEN_PIPE = 141
LONGEST_ERROR = 10_000
_COMMANDS = {
    "data": "data",
    "program": "program",
    "backtest": "backtest",
    "prompt": "prompt",
    "prompt-backtest": "prompt_backtest",
    "model": "model",
    "vault": "vault",
    "key": "vault",
}
"""The words with options of their own, and in which module `tui.…_command` each is."""
DESCRIPTION = "A terminal trading desk for AI traders."
EPILOG = """\
commands:
  nightdesk                run the desk on this terminal
  nightdesk --headless     run it without a screen; ends on Ctrl-C, SIGTERM or SIGHUP
  nightdesk paths          print where the desk keeps its files
  nightdesk doctor         check this machine and say how to mend what is wrong
  nightdesk data …         recorded candles: import, list, gaps, backfill, export
  nightdesk program …      programs: new, validate, test, bind, list
  nightdesk backtest …     run a program over recorded candles
  nightdesk prompt …       prompts: write, check, preview, compare, bind
  nightdesk prompt-backtest …  ask a model over recorded markets or past decisions
  nightdesk model …        models: list and test connections, what was spent
  nightdesk vault …        where keys are kept: status, create, change-passphrase
  nightdesk key …          keys of model connections: set, list, remove

Settings are read from config.toml in the home directory, then from the environment
(NIGHTDESK_HOME, DATABASE_URL), then from these options. Press ? on the desk for its keys.
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; its help is the manual of the command line."""
    parser = argparse.ArgumentParser(
        prog="nightdesk",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", nargs="?", choices=("paths", "doctor"), help=argparse.SUPPRESS)
    parser.add_argument("--home", metavar="DIR", type=Path, help="where the desk keeps its files")
    parser.add_argument("--theme", metavar="NAME", help="night, day, safe, contrast or terminal")
    parser.add_argument("--speed", metavar="N", type=float, help="market seconds per second, 1 to 600")
    parser.add_argument(
        "--source",
        choices=("candles", "raw"),
        help="what is replayed: candles of three symbols, or a recorded order book of one",
    )
    parser.add_argument("--headless", action="store_true", help="run without a screen")
    parser.add_argument(
        "--fps",
        metavar="N",
        type=int,
        default=5,
        help="how often a second the screen is painted anew, 1 to 60",
    )
    parser.add_argument("--version", action="store_true", help="print the version and end")
    parser.add_argument(
        "--passphrase-fd", metavar="N", type=int, help="open the vault with what this descriptor holds"
    )
    parser.add_argument(
        "--ask-passphrase", action="store_true", help="ask for the vault's passphrase before the desk opens"
    )
    parser.set_defaults(run=None)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the program and return its exit code."""
    options = _parse(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        from engine.secrecy.process import protect_process

        protect_process()
    from engine.errors import DeskError, InvalidInput
    from engine.secrecy.redaction import redact
    from engine.text import safe_text

    try:
        code = _run(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        return _end_of_a_broken_pipe()
    except DeskError as error:
        print(f"nightdesk: {redact(safe_text(error.message, LONGEST_ERROR))}", file=sys.stderr)
        return 2 if isinstance(error, InvalidInput) else 1
    except KeyboardInterrupt:
        return 130


def _end_of_a_broken_pipe() -> int:
    """End in silence, as behind `| head`: what Python still flushes at its end goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE


def _parse(arguments: list[str]) -> argparse.Namespace:
    """Return the options of the desk or, behind a word of `_COMMANDS`, those of that command."""
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    first.add_argument("--home", type=Path)
    first.add_argument("command", nargs="?")
    first.add_argument("rest", nargs=argparse.REMAINDER)
    try:
        found, _ = first.parse_known_args(arguments)
    except argparse.ArgumentError:
        return build_parser().parse_args(arguments)
    if found.command not in _COMMANDS:
        return build_parser().parse_args(arguments)
    module, name = _command(found.command)
    given = argparse.Namespace(home=found.home, version=False, run=getattr(module, f"run_{name}_command"))
    options: argparse.Namespace = getattr(module, f"build_{name}_parser")().parse_args(found.rest, given)
    return options


def _command(word: str) -> tuple[ModuleType, str]:
    """Return the module of a command, and the word its `build_…_parser` and `run_…_command` are named by."""
    from importlib import import_module

    return import_module(f"tui.{_COMMANDS[word]}_command"), word.replace("-", "_")


def _run(options: argparse.Namespace) -> int:
    if options.version:
        from importlib.metadata import version

        print(f"nightdesk {version('nightdesk')}")
        return 0
    from engine.settings import default_home, expand_home

    home = expand_home(options.home, "--home") if options.home else default_home().absolute()
    if options.run is not None:
        code: int = options.run(options, home)
        return code
    if options.command == "paths":
        from tui.doctor import print_paths

        return print_paths(home)
    if options.command == "doctor":
        from tui.doctor import run_doctor

        return run_doctor(home)
    return _run_desk(options, home)


def _run_desk(options: argparse.Namespace, home: Path) -> int:
    from engine.errors import InvalidSetting
    from engine.settings import CONFIG_FILE, load_settings, with_replay

    if not 1 <= options.fps <= 60:
        raise InvalidSetting.of("--fps", options.fps, "allowed is 1 to 60")
    settings = with_replay(load_settings(home), speed=options.speed, source=options.source)
    check_theme(settings.theme, f"{home / CONFIG_FILE}: theme")
    if options.theme is not None:
        check_theme(options.theme, "--theme")
    passphrase_fd = _passphrase_fd(options)
    if options.headless:
        from tui.headless import run_headless

        return run_headless(home, settings, passphrase_fd)
    # Textual reads this once, when it is first imported; its own cap must not delay a key's repaint.
    os.environ.setdefault("TEXTUAL_FPS", "240")
    from tui.launch import run_screen

    return run_screen(
        home,
        settings,
        theme=options.theme,
        frames_per_second=options.fps,
        passphrase_fd=passphrase_fd,
    )


def _passphrase_fd(options: argparse.Namespace) -> int | None:
    """Return the descriptor that holds the vault's passphrase, asking for it if that is wanted."""
    given: int | None = options.passphrase_fd
    if given is not None or not options.ask_passphrase:
        return given
    from tui.passphrase_entry import ask_secret, descriptor_of

    return descriptor_of(ask_secret("passphrase of the vault", "--passphrase-fd"))


def check_theme(name: str, source: str) -> None:
    """Raise `InvalidSetting` naming `source`, where the theme was chosen, when there is no such theme."""
    from engine.errors import InvalidSetting
    from tui.theming import theme_folder

    names = sorted(path.stem for path in theme_folder().glob("*.toml"))
    if name not in names:
        raise InvalidSetting.of(source, name, f"allowed is {', '.join(names)}")


if __name__ == "__main__":
    sys.exit(main())

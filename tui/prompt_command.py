"""`nightdesk prompt`: write, check, preview, keep, compare and bind prompts from the command line.

Results go to standard output, what is wrong with a prompt as `FILE:LINE:COLUMN: what; what to write`. Exit
codes: 0 done, 1 the prompt is wrong or cannot be rendered, 2 a wrong option.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tui.option_parser import OptionParser, home_option
from tui.option_values import read_text_file, read_text_if_there

if TYPE_CHECKING:
    from engine.desk import Desk
    from engine.model.prompt import Prompt, PromptPreview, PromptVersion, TemplateProblem

EPILOG = """\
examples:
  nightdesk prompt new mine.txt --from pro
  nightdesk prompt check mine.txt
  nightdesk prompt save mine.txt
  nightdesk prompt preview mine --trader Rulebook
  nightdesk prompt bind mine --trader Rulebook
  nightdesk prompt diff mine 1 3
  nightdesk prompt variables

`new`, `check` and `variables` need no home; the others open it, which a running desk holds: use its
prompts screen then. `preview` asks no model.
"""


def build_prompt_parser() -> OptionParser:
    """Return the parser of everything behind `nightdesk prompt`."""
    home = home_option(OptionParser)
    parser = OptionParser(
        prog="nightdesk prompt",
        description="Prompts: write them, look at what a model would be sent, give them to traders.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[home],
    )
    parser.set_defaults(version=False)
    commands = parser.add_subparsers(dest="prompt_command", required=True, metavar="COMMAND")

    def command(name: str, summary: str, *named: str) -> OptionParser:
        added = commands.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", parents=[home]
        )
        for argument in named:
            added.add_argument(argument.lower().replace("-", "_"), metavar=argument)
        return added

    new = command("new", "write a prompt to start from into a file")
    new.add_argument("file", metavar="FILE.txt", type=Path)
    new.add_argument("--from", dest="stock", metavar="NAME", default="default", help="which stock prompt")
    check = command("check", "say what is wrong with prompts, place by place")
    check.add_argument("files", metavar="FILE.txt", type=Path, nargs="+")
    command("variables", "print the variables reference")
    command("list", "show the prompts of the home and who decides by them")
    command("show", "print a prompt", "NAME")
    save = command("save", "keep a file in the home as a prompt, or as its next version")
    save.add_argument("file", metavar="FILE.txt", type=Path)
    save.add_argument("--name", help="what to save it as; default: the file's name")
    save.add_argument("--description", help="a sentence about it")
    preview = command("preview", "print what a model would be sent now")
    preview.add_argument("file", metavar="FILE.txt|NAME", help="a file, or the name of a saved prompt")
    preview.add_argument("--trader", metavar="NAME", help="whose; default: every prompt trader's")
    preview.add_argument("--symbol", default="", help="the symbol that wakes the trader")
    command("versions", "show the saved texts of a prompt", "NAME")
    diff = command("diff", "show what changed between two versions of a prompt", "NAME")
    diff.add_argument("old", metavar="OLD", type=int, nargs="?", help="default: the one before the last")
    diff.add_argument("new", metavar="NEW", type=int, nargs="?", help="default: the last")
    copy = command("copy", "keep a copy of a prompt", "NAME")
    copy.add_argument("copy_name", metavar="NEW-NAME", nargs="?", default="", help="default: NAME (copy)")
    command("rename", "give a prompt another name; its traders follow", "NAME", "NEW-NAME")
    command("delete", "delete a prompt that no trader is bound to", "NAME")
    command("restore", "give a stock prompt its text again", "STOCK")
    bind = command("bind", "let a trader decide by a prompt", "NAME")
    bind.add_argument("--trader", required=True, metavar="NAME", help="a trader's name or number")
    return parser


def run_prompt_command(options: argparse.Namespace, home: Path) -> int:
    """Carry out one command; raises `DeskError` for what the caller prints."""
    import asyncio

    match options.prompt_command:
        case "new":
            return _new(options)
        case "check":
            return max(_check(path) for path in options.files)
        case "variables":
            return _print_reference()
        case _:
            return asyncio.run(_at_home(options, home))


def _new(options: argparse.Namespace) -> int:
    from engine.errors import InvalidInput
    from engine.prompt_files import stock_prompts

    stock, path = stock_prompts(), options.file
    if options.stock not in stock:
        raise InvalidInput.of("--from", options.stock, f"allowed is {', '.join(stock)}")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(stock[options.stock])
    except FileExistsError:
        raise InvalidInput.of("FILE", path, "a file that is not there yet") from None
    except OSError as error:
        raise InvalidInput.of("FILE", path, f"a file that can be written: {error.strerror}") from error
    print(f"{path} written; save it with: nightdesk prompt save {path}")
    return 0


def _check(path: Path) -> int:
    from engine.prompt_files import check

    report = check(read_text_file(path, "FILE"))
    for problem in report.errors:
        print(_problem(path, problem, "error"))
    for problem in report.warnings:
        print(_problem(path, problem, "warning"))
    if report.ok:
        print(f"{path}: valid, with {len(report.variables)} variables")
    return 0 if report.ok else 1


def _problem(path: Path, problem: TemplateProblem, kind: str) -> str:
    advice = f"; {problem.advice}" if problem.advice else ""
    return f"{path}:{problem.line}:{problem.column}: {kind}: {problem.message}{advice}"


def _print_reference() -> int:
    from engine.prompt_files import reference

    print(reference(), end="")
    return 0


async def _at_home(options: argparse.Namespace, home: Path) -> int:
    from engine.program_files import library
    from engine.settings import load_settings

    async with library(home, load_settings(home)) as desk:
        prompts = desk.prompts
        match options.prompt_command:
            case "list":
                _print_list(desk)
            case "show":
                print(_named(desk, options.name).text, end="")
            case "save":
                await _save(desk, options)
            case "preview":
                return await _preview(desk, options)
            case "versions":
                for version in await prompts.versions(_named(desk, options.name).prompt_id):
                    print(f"{version.version:>3}  {_time(version.saved_ms)}  {len(version.text)} characters")
            case "diff":
                versions = await prompts.versions(_named(desk, options.name).prompt_id)
                sys.stdout.writelines(_diff(options, versions))
            case "copy":
                copy = await prompts.copy_prompt(_named(desk, options.name).prompt_id, options.copy_name)
                print(f"{copy.name} saved")
            case "rename":
                await _rename(desk, options)
            case "delete":
                await prompts.delete_prompt(_named(desk, options.name).prompt_id)
                print(f"{options.name} deleted")
            case "restore":
                restored = await prompts.restore_stock(options.stock)
                print(f"{restored.name} restored (version {restored.version})")
            case _:
                prompt = _named(desk, options.name)
                await prompts.bind(_trader_id(desk, options.trader), prompt.prompt_id)
                print(f"{options.trader} decides by {prompt.name} (version {prompt.version})")
    return 0


def _print_list(desk: Desk) -> None:
    traders = {trader.trader_id: trader.name for trader in desk.traders()}
    bindings = desk.prompts.bindings()
    for prompt in desk.prompts.prompts():
        users = [
            traders.get(binding.trader_id, str(binding.trader_id))
            for binding in bindings
            if binding.prompt_id == prompt.prompt_id
        ]
        used = f", used by {', '.join(users)}" if users else ""
        stock = f", stock {prompt.stock}" if prompt.stock else ""
        print(f"{prompt.prompt_id:>3}  {prompt.name}  version {prompt.version}{stock}{used}")


async def _save(desk: Desk, options: argparse.Namespace) -> None:
    import msgspec

    from engine.model.prompt import Prompt

    text, name = read_text_file(options.file, "FILE"), options.name or options.file.stem
    known = next((each for each in desk.prompts.prompts() if each.name == name), None)
    prompt = Prompt(prompt_id=0, name=name, text=text) if known is None else known
    prompt = msgspec.structs.replace(
        prompt,
        text=text,
        description=prompt.description if options.description is None else options.description,
    )
    saved = await desk.prompts.save_prompt(prompt)
    report = await desk.prompts.check(saved.text)
    for problem in report.warnings:
        print(_problem(options.file, problem, "warning"), file=sys.stderr)
    print(f"{saved.name} saved (version {saved.version})")


async def _rename(desk: Desk, options: argparse.Namespace) -> None:
    import msgspec

    prompt = _named(desk, options.name)
    renamed = await desk.prompts.save_prompt(msgspec.structs.replace(prompt, name=options.new_name))
    print(f"{prompt.name} is {renamed.name} now")


async def _preview(desk: Desk, options: argparse.Namespace) -> int:
    text = read_text_if_there(Path(options.file), "FILE")
    if text is None:
        text = _named(desk, options.file).text
    trader_ids = () if options.trader is None else (_trader_id(desk, options.trader),)
    traders = {trader.trader_id: trader.name for trader in desk.traders()}
    code = 0
    for preview in await desk.prompts.preview(text, trader_ids, options.symbol):
        name = traders.get(preview.trader_id, str(preview.trader_id))
        if preview.error:
            print(f"{name}: {preview.error}", file=sys.stderr)
            code = 1
            continue
        print(preview.text)
        print(f"# {name}: {_size(preview)}", file=sys.stderr)
    return code


def _size(preview: PromptPreview) -> str:
    parts = [f"{preview.tokens} tokens ({preview.counted_by})"]
    if preview.context_window is not None:
        parts.append(f"the model reads {preview.context_window}")
    if preview.cost_usd is not None:
        parts.append(f"{preview.cost_usd:.4f} USD to send")
    if preview.unknown:
        parts.append(f"unknown: {', '.join(preview.unknown)}")
    if preview.missing:
        parts.append(f"without data: {', '.join(preview.missing)}")
    return "; ".join(parts)


def _diff(options: argparse.Namespace, versions: tuple[PromptVersion, ...]) -> list[str]:
    from engine.errors import NotFound

    texts = {version.version: version.text for version in versions}
    new = max(texts) if options.new is None else options.new
    old = max(1, new - 1) if options.old is None else options.old
    for number in (old, new):
        if number not in texts:
            there = ", ".join(map(str, texts))
            raise NotFound(f"version: {options.name} has no version {number}; there are {there}")
    lines = difflib.unified_diff(
        texts[old].splitlines(),
        texts[new].splitlines(),
        f"{options.name} version {old}",
        f"{options.name} version {new}",
        lineterm="",
    )
    return [f"{line}\n" for line in lines] or [f"versions {old} and {new} are the same\n"]


def _named(desk: Desk, name: str) -> Prompt:
    from engine.errors import NotFound

    for prompt in desk.prompts.prompts():
        if name in (prompt.name, str(prompt.prompt_id)):
            return prompt
    names = ", ".join(prompt.name for prompt in desk.prompts.prompts()) or "none"
    raise NotFound(f"NAME: there is no prompt {name}; there are {names}")


def _trader_id(desk: Desk, name: str) -> int:
    from engine.errors import NotFound

    for trader in desk.traders():
        if name in (trader.name, str(trader.trader_id)):
            return trader.trader_id
    names = ", ".join(trader.name for trader in desk.traders())
    raise NotFound(f"--trader: there is no {name}; there are {names}")


def _time(ts_ms: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(ts_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")

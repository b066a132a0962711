"""`nightdesk prompt` from end to end."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.strategies.prompts.reference import variables_reference
from engine.strategies.prompts.templates import stock_template
from tui.cli import main


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def run(home: Path, *arguments: str) -> int:
    return main(["--home", str(home), "prompt", *arguments])


def test_a_file_is_begun_from_a_stock_prompt_and_never_written_over(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.txt"
    assert run(home, "new", str(path), "--from", "pro") == 0
    assert path.read_text("utf-8") == stock_template("pro").text
    assert run(home, "new", str(path)) == 2
    assert run(home, "new", str(tmp_path / "other.txt"), "--from", "none") == 2
    assert "default, pro, hyperliquid, candle_analysis" in capsys.readouterr().err


def test_what_is_wrong_has_its_place(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("a\n {market_price} {output_format}")
    assert run(home, "check", str(path)) == 0
    assert capsys.readouterr().out == (
        f"{path}:2:2: warning: {{market_price}} is no variable and becomes N/A;"
        " did you mean {market_prices}?\n"
        f"{path}: valid, with 1 variables\n"
    )
    path.write_text("")
    assert run(home, "check", str(path)) == 1
    assert run(home, "check", str(tmp_path / "none.txt")) == 2


def test_the_reference_is_printed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "variables") == 0
    assert capsys.readouterr().out == variables_reference(None)


def test_a_prompt_is_kept_compared_bound_and_put_away(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("one\n{output_format}\n")
    assert run(home, "save", str(path)) == 0
    path.write_text("two\n{output_format}\n")
    assert run(home, "save", str(path)) == 0
    assert "mine saved (version 2)" in capsys.readouterr().out
    assert run(home, "diff", "mine") == 0
    assert capsys.readouterr().out.splitlines()[2:] == ["@@ -1,2 +1,2 @@", "-one", "+two", " {output_format}"]
    assert run(home, "diff", "mine", "1", "9") == 1
    assert run(home, "bind", "mine", "--trader", "2") == 0
    assert run(home, "rename", "mine", "ours") == 0
    assert run(home, "delete", "ours") == 1
    assert "ours is used by" in capsys.readouterr().err
    assert run(home, "list") == 0
    assert "ours  version 2, used by" in capsys.readouterr().out
    assert run(home, "copy", "ours") == 0
    assert run(home, "delete", "ours (copy)") == 0
    assert run(home, "restore", "pro") == 0
    assert run(home, "versions", "ours") == 0
    assert run(home, "show", "ours") == 0
    assert capsys.readouterr().out.endswith("two\n{output_format}\n")


def test_a_preview_says_what_a_model_would_be_sent(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "preview", "default", "--trader", "2", "--symbol", "BTC") == 0
    told = capsys.readouterr()
    assert "trigger_type: manual" in told.out
    assert "tokens (estimate)" in told.err
    assert run(home, "preview", "default", "--trader", "2", "--symbol", "DOGE") == 1
    assert run(home, "preview", "none") == 1

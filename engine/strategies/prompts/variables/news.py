"""Variables of the news: what it says, how it sounds, and about what; only what was published by now.

Headlines come from outside and may try to give orders; every text of them is put on lines that begin
with a dash, and says where it is from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from engine.market.periods import HOUR_MS
from engine.model.news import NewsItem, Sentiment
from engine.model.prompt import VariableFamily
from engine.strategies.prompts.variables.row import WINDOWS, Holes, Render, VariableRow
from engine.strategies.prompts.variables.wording import utc
from engine.strategies.prompts.view import PromptView
from engine.text import safe_line

_MOST_HEADLINES = 10
_MOST_DETAILS = 5
_SUMMARY = 400
_USUAL_WINDOW = "24h"

type Choice = Callable[[NewsItem, PromptView, Holes], bool]


def _is_of_trader(item: NewsItem, view: PromptView, _holes: Holes) -> bool:
    return not item.symbols or not set(view.context.trader.symbols).isdisjoint(item.symbols)


def _is_of_symbol(item: NewsItem, _view: PromptView, holes: Holes) -> bool:
    return holes["SYMBOL"] in item.symbols


def _is_macro(item: NewsItem, _view: PromptView, _holes: Holes) -> bool:
    return not item.symbols


def _is_crypto(item: NewsItem, _view: PromptView, _holes: Holes) -> bool:
    return bool(item.symbols)


def _sentiment(items: Sequence[NewsItem]) -> str:
    counts = Counter(item.sentiment for item in items)
    return ", ".join(f"{sentiment} {counts[sentiment]}" for sentiment in Sentiment) + f" of {len(items)}"


def _headlines(items: Sequence[NewsItem]) -> str:
    return "\n".join(_headline(item) for item in items[:_MOST_HEADLINES])


def _detail(items: Sequence[NewsItem]) -> str:
    return "\n".join(
        f"{_headline(item)}\n  {safe_line(item.summary, _SUMMARY) or 'no summary'}"
        for item in items[:_MOST_DETAILS]
    )


def _headline(item: NewsItem) -> str:
    told = ", ".join((safe_line(item.source), *item.symbols, item.sentiment))
    return f"- {utc(item.published_ms)} {safe_line(item.title)} ({told})"


_KINDS: tuple[tuple[str, str, Callable[[Sequence[NewsItem]], str]], ...] = (
    ("sentiment", "How many articles {about} sound bullish, bearish or neutral", _sentiment),
    ("headlines", f"The last {_MOST_HEADLINES} headlines {{about}}, newest first", _headlines),
    ("detail", f"The last {_MOST_DETAILS} articles {{about}} with their summaries, newest first", _detail),
)
_SUBJECTS: tuple[tuple[str, str, Choice], ...] = (
    ("<SYMBOL>", "about a symbol", _is_of_symbol),
    ("macro", "about no symbol in particular", _is_macro),
    ("crypto", "about any symbol", _is_crypto),
)


def _renderer(choice: Choice, write: Callable[[Sequence[NewsItem]], str]) -> Render:
    def render(view: PromptView, holes: Holes) -> str | None:
        if not view.news:
            return None
        window = holes.get("WINDOW", _USUAL_WINDOW)
        now_ms = view.context.now_ms
        after_ms = now_ms - WINDOWS[window] * HOUR_MS
        chosen = [
            item for item in view.news if after_ms < item.published_ms <= now_ms and choice(item, view, holes)
        ]
        chosen.sort(key=lambda item: (item.published_ms, item.news_id), reverse=True)
        return write(chosen) if chosen else f"none in the last {window}"

    return render


def _rows() -> tuple[VariableRow, ...]:
    rows = [
        VariableRow(
            pattern=name,
            family=VariableFamily.NEWS,
            meaning=meaning,
            render=_renderer(_is_of_trader, write),
            documented=name == "news_context",
        )
        for name, meaning, write in (
            (
                "news_context",
                f"The last {_MOST_HEADLINES} headlines of {_USUAL_WINDOW} about the trader's symbols or the"
                " market as a whole.",
                _headlines,
            ),
            ("news_section", f"The last {_MOST_DETAILS} of them with their summaries.", _detail),
        )
    ]
    for subject, about, choice in _SUBJECTS:
        for kind, meaning, write in _KINDS:
            for suffix, window in (("", f"of {_USUAL_WINDOW}"), ("_<WINDOW>", "of another span")):
                rows.append(
                    VariableRow(
                        pattern=f"{subject}_news_{kind}{suffix}",
                        family=VariableFamily.NEWS,
                        meaning=f"{meaning.format(about=about)}, {window}.",
                        render=_renderer(choice, write),
                    )
                )
    return tuple(rows)


ROWS = _rows()

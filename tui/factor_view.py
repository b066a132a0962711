"""Factors as rows and lines: pure functions of definitions and of what was measured."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from engine.model.factor import FactorCategory, FactorDefinition, FactorEffectiveness, FactorWord
from tui import format as fmt
from tui.panes.span_line import Span
from tui.widgets.live_table import Cell, Row
from tui.widgets.table_layout import Column

FACTOR_COLUMNS = (
    Column("name", "factor", 17, cut="end"),
    Column("category", "looks at", 11),
    Column("expression", "expression", 20, weight=2, cut="words"),
    Column("meaning", "meaning", 34, weight=3, priority=1, cut="words"),
)
WINDOW_COLUMNS = (
    Column("window", "window", 25, weight=1),
    Column("samples", "candles", 8, align="right"),
    Column("ic", "IC", 7, align="right"),
    Column("rank-ic", "rank IC", 7, align="right"),
    Column("bar", "", 3),
)
WORD_COLUMNS = (
    Column("written", "word", 30, weight=1, cut="end"),
    Column("meaning", "meaning", 30, weight=2, cut="words"),
)
BARS = "▁▂▃▄▅▆▇█"
LABEL_WIDTH, DECAY_WIDTH = 9, 7
FULL_WINDOW_IC = 0.5
"""An IC of a window whose bar is full; those of single windows are seldom above it."""

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class LanguageWord(msgspec.Struct, frozen=True):
    """A word of the factor language: its name, how it is written, and what it means."""

    name: str
    written: str
    meaning: str


def factor_rows(factors: Iterable[FactorDefinition]) -> list[Row]:
    """Return a row for each factor; one's own stand out."""
    return [
        Row(
            factor.name,
            (
                Cell(factor.name, "accent" if is_own(factor) else "text"),
                Cell("your own" if is_own(factor) else factor.category, "muted"),
                Cell(factor.expression),
                Cell(factor.meaning, "muted"),
            ),
        )
        for factor in factors
    ]


def is_own(factor: FactorDefinition) -> bool:
    """Tell whether a person defined a factor; the built-in ones stay as they are."""
    return factor.category is FactorCategory.CUSTOM


def matching(factors: Sequence[FactorDefinition], typed: str) -> tuple[FactorDefinition, ...]:
    """Return the factors that hold every typed word in name, category, expression or meaning."""
    words = typed.casefold().split()
    return tuple(
        factor
        for factor in factors
        if all(
            word in f"{factor.name} {factor.category} {factor.expression} {factor.meaning}".casefold()
            for word in words
        )
    )


def correlation(value: float | None) -> str:
    """Return a correlation with its sign: `+0.031`."""
    return fmt.ABSENT if value is None else f"{value + 0.0:+.3f}"


def bar(value: float | None, full: float) -> str:
    """Return how far a value is from zero, on either side, as one block of at most `full`."""
    if value is None:
        return fmt.FLAT_GLYPH
    share = min(1.0, abs(value) / full) if full > 0 else 0.0
    return BARS[min(len(BARS) - 1, int(share * len(BARS)))]


def effect_heading(effect: FactorEffectiveness) -> tuple[Span, ...]:
    """Return what was measured where."""
    candles = "candle" if effect.horizon == 1 else f"{effect.horizon} candles"
    return (
        Span(f"{effect.factor} on {effect.symbol} {effect.period}", "header"),
        Span(f"  against the return of the next {candles}", "muted", priority=1),
        Span(f"  {effect.samples:,} candles", "muted"),
    )


def effect_spans(effect: FactorEffectiveness) -> tuple[Span, ...]:
    """Return the four figures of a factor."""
    icir = fmt.ABSENT if effect.icir is None else f"{effect.icir:+.2f}"
    figures = (
        ("IC", correlation(effect.ic), effect.ic),
        ("rank IC", correlation(effect.rank_ic), effect.rank_ic),
        ("ICIR", icir, effect.icir),
    )
    spans = [
        span
        for label, text, value in figures
        for span in (Span(f"{label} ", "muted"), Span(f"{text}   ", fmt.trend_role(value)))
    ]
    win_rate = fmt.percent(effect.win_rate, 1, signed=False)
    return (*spans, Span("win rate ", "muted"), Span(win_rate))


def decay_lines(effect: FactorEffectiveness) -> tuple[tuple[Span, ...], ...]:
    """Return the IC by horizon in three lines: candles ahead, IC, and a bar as high as the IC."""
    full = max((abs(ic) for _, ic in effect.decay if ic is not None), default=0.0)

    def line(label: str, cells: Iterable[tuple[str, str]]) -> tuple[Span, ...]:
        placed = (
            Span(text.rjust(DECAY_WIDTH), role, priority=place) for place, (text, role) in enumerate(cells)
        )
        return (Span(label.ljust(LABEL_WIDTH), "muted"), *placed)

    return (
        line("ahead", ((str(horizon), "muted") for horizon, _ in effect.decay)),
        line("IC", ((correlation(ic), fmt.trend_role(ic)) for _, ic in effect.decay)),
        line("decay", ((bar(ic, full) * 3, fmt.trend_role(ic)) for _, ic in effect.decay)),
    )


def window_rows(effect: FactorEffectiveness) -> list[Row]:
    """Return a row for each stretch of time, the latest first."""
    return [
        Row(
            str(window.start_ms),
            (
                Cell(
                    f"{fmt.short_date_time(window.start_ms)} to {fmt.short_date_time(window.end_ms)}", "muted"
                ),
                Cell(f"{window.samples:,}", "muted"),
                Cell(correlation(window.ic), fmt.trend_role(window.ic)),
                Cell(correlation(window.rank_ic), fmt.trend_role(window.rank_ic)),
                Cell(bar(window.ic, FULL_WINDOW_IC) * 3, fmt.trend_role(window.ic)),
            ),
        )
        for window in reversed(effect.windows)
    ]


def language_words(
    words: Iterable[FactorWord], factors: Iterable[FactorDefinition]
) -> tuple[LanguageWord, ...]:
    """Return what an expression is made of: columns and functions, then the factors it may name."""
    language = [LanguageWord(_name_of(word.written), word.written, word.meaning) for word in words]
    return tuple(
        sorted(language, key=lambda word: word.name)
        + [LanguageWord(factor.name, factor.name, factor.meaning) for factor in factors]
    )


def _name_of(written: str) -> str:
    return written.partition("(")[0]


def word_being_typed(text: str) -> str:
    """Return the name at the end of an expression, which may be all of one or a part."""
    found = re.search(rf"(?:{_NAME.pattern})\Z", text, re.ASCII)
    return found.group().casefold() if found else ""


def words_like(words: Sequence[LanguageWord], text: str) -> tuple[LanguageWord, ...]:
    """Return the words that begin as the one being typed does, then those that hold it; else all."""
    typed = word_being_typed(text)
    begins = [word for word in words if word.name.startswith(typed)]
    holds = [word for word in words if typed in word.name and not word.name.startswith(typed)]
    return tuple((*begins, *holds)) or tuple(words)


def completed(words: Sequence[LanguageWord], text: str) -> str | None:
    """Return the text with the word being typed finished, or None where there is nothing to finish."""
    typed = word_being_typed(text)
    if not typed:
        return None
    for word in words:
        if word.name.startswith(typed) and word.name != typed:
            call = "(" if word.written != word.name else ""
            return f"{text}{word.name[len(typed) :]}{call}"
    return None


def word_rows(words: Iterable[LanguageWord]) -> list[Row]:
    """Return a row for each word of the language."""
    return [
        Row(
            word.name,
            (
                Cell(word.written, "accent"),
                Cell(word.meaning, "muted"),
            ),
        )
        for word in words
    ]

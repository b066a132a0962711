"""Prompts for people and tools: checked and explained without a desk.

Those kept in a home are reached through `engine.program_files.library`.
"""

from __future__ import annotations

from engine.exchanges.instruments import INSTRUMENTS
from engine.model.prompt import TemplateReport
from engine.strategies.prompts.check import check_template
from engine.strategies.prompts.reference import variables_reference
from engine.strategies.prompts.templates import STOCK_TEMPLATES, stock_template

__all__ = ["check", "reference", "stock_prompts"]


def check(text: str) -> TemplateReport:
    """Return what is wrong with a template, place by place, on a desk with the symbols that ship."""
    return check_template(text, INSTRUMENTS)


def reference() -> str:
    """Return the variables reference as Markdown."""
    return variables_reference(None)


def stock_prompts() -> dict[str, str]:
    """Return the texts of the prompts that come with the desk, by name."""
    return {name: stock_template(name).text for name in STOCK_TEMPLATES}

"""Prompt templates: the stock ones ship as text files beside this module."""

from __future__ import annotations

from importlib import resources

import msgspec

from engine.errors import NotFound

STOCK_TEMPLATES = ("default",)
"""The names of the templates the desk brings along."""


class PromptTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A text with variables in it, such as `{market_prices}` or `{{market_prices}}`."""

    name: str
    text: str


def stock_template(name: str) -> PromptTemplate:
    """Return a stock template; raises `NotFound` naming those there are."""
    if name not in STOCK_TEMPLATES:
        known = ", ".join(STOCK_TEMPLATES)
        raise NotFound(f"template: {name} does not exist; there are {known}", field="template", value=name)
    text = resources.files(__package__).joinpath("stock", f"{name}.txt").read_text("utf-8")
    return PromptTemplate(name=name, text=text)

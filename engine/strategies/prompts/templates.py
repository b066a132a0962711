"""Prompt templates: the stock ones ship as text files beside this module."""

from __future__ import annotations

import functools
from importlib import resources

import msgspec

from engine.errors import NotFound

_DESCRIPTIONS = {
    "default": "One careful page: account, prices, indicators, regime and news, and three rules.",
    "pro": "Everything the desk knows, in the order a professional would read it, with a plan to follow.",
    "hyperliquid": "Perpetual futures on Hyperliquid: margin, funding and open interest come first.",
    "candle_analysis": "Reads candles like a chart: structure, levels, momentum, then a decision.",
}
STOCK_TEMPLATES = tuple(_DESCRIPTIONS)
"""The names of the templates the desk brings along."""


class PromptTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A text with variables in it, such as `{market_prices}` or `{{market_prices}}`."""

    name: str
    text: str
    description: str = ""


@functools.cache
def stock_template(name: str) -> PromptTemplate:
    """Return a stock template; raises `NotFound` naming those there are."""
    if name not in _DESCRIPTIONS:
        known = ", ".join(STOCK_TEMPLATES)
        raise NotFound(f"template: {name} does not exist; there are {known}", field="template", value=name)
    text = resources.files(__package__).joinpath("stock", f"{name}.txt").read_text("utf-8")
    return PromptTemplate(name=name, text=text, description=_DESCRIPTIONS[name])

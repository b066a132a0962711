"""How coins are called: the one table of names, longest name of a coin that holds another's included.

A ticker counts in capitals, or in any case behind a `$`. Tickers that are English words need the `$`
or the name. Coins that the desk does not trade are here because their names hold those of others:
“Bitcoin Cash” is not about Bitcoin.
"""

from __future__ import annotations

from typing import Final

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "BTC": ("bitcoin", "xbt"),
    "ETH": ("ethereum", "ether"),
    "SOL": ("solana",),
    "BCH": ("bitcoin cash",),
    "BSV": ("bitcoin sv",),
    "BTG": ("bitcoin gold",),
    "ETC": ("ethereum classic",),
    "ENS": ("ethereum name service",),
    "XRP": ("ripple",),
    "BNB": ("binance coin",),
    "DOGE": ("dogecoin",),
    "ADA": ("cardano",),
    "AVAX": ("avalanche",),
    "DOT": ("polkadot",),
    "LINK": ("chainlink",),
    "LTC": ("litecoin",),
    "MATIC": ("polygon",),
    "NEAR": ("near protocol",),
    "ATOM": ("cosmos hub",),
    "UNI": ("uniswap",),
    "APT": ("aptos",),
    "ARB": ("arbitrum",),
    "OP": (),
    "SUI": ("sui network",),
    "TON": ("toncoin",),
    "TRX": ("tron",),
    "HYPE": ("hyperliquid",),
    "SHIB": ("shiba inu",),
    "PEPE": (),
    "AAVE": (),
    "FIL": ("filecoin",),
    "XMR": ("monero",),
}

WORD_TICKERS: Final[frozenset[str]] = frozenset(
    {"OP", "TON", "DOT", "LINK", "NEAR", "ATOM", "UNI", "HYPE", "ONE", "GAS", "ID", "ME", "APE", "SAND"}
    | {"FLOW", "MASK", "JUP", "TIA", "ACE", "PEOPLE", "MAGIC", "GMT", "KEY", "FUN", "WIN", "HOT", "FORTH"}
    | {"MOVE", "TRUMP"}
)
"""Tickers that are words in capitals too, as headlines write them."""

QUOTE_ENDINGS: Final[tuple[str, ...]] = ("USDT", "USDC", "USD", "PERP")
"""What a ticker is joined with in a pair, as in `BTCUSDT`, `ETH/USD` or `SOL-PERP`."""

"""The words an article's tone is read from, each with its weight: the one table of them.

A weight is how strongly a word or phrase in a headline about a coin speaks for a higher (positive) or
lower (negative) price, from 1 (a hint) to 3 (says it outright). Phrases are matched before their words.
"""

from __future__ import annotations

from typing import Final

_WORDS: Final[dict[int, str]] = {
    3: "surge surges surged surging soar soars soared soaring skyrocket skyrockets skyrocketed bullish"
    " rally rallies rallied rallying moon|all time high|record high|new high|short squeeze|golden"
    " cross",
    2: "jump jumps jumped jumping rise rises rose rising gain gains gained gaining climb climbs climbed"
    " climbing rebound rebounds rebounded recover recovers recovered recovery breakout outperform"
    " outperforms upgrade upgraded approve approves approved approval inflow inflows accumulate"
    " accumulates accumulated accumulation adoption|breaks above|etf approval|rate cut|rate cuts|net"
    " inflows|buy the dip|strategic reserve",
    1: "up higher buy buys buying bought support supports launch launches launched partnership partners"
    " adopt adopts adopted integrate integrates integration boost boosts boosted optimism optimistic"
    " strong strength growth grow grows profit profits win wins won milestone upside uptrend expand"
    " expands green demand invest invests invested halving|clears hurdle",
    -1: "down lower sell sells selling sold weak weakness concern concerns fear fears uncertainty delay"
    " delays delayed outage volatile risk risks warning warns warned resistance loss losses lose loses"
    " lost slip slips slipped slide slides slid pressure cautious caution probe probes tariff tariffs"
    " downside downtrend red vulnerability breach|rate hike|rate hikes|under pressure",
    -2: "fall falls fell falling drop drops dropped dropping decline declines declined declining bearish"
    " outflow outflows reject rejects rejected rejection lawsuit sue sues sued charge charges charged"
    " fraud ban bans banned investigation subpoena fine fined downgrade downgraded layoffs dump dumps"
    " dumped liquidation liquidations liquidated halt halts halted recession|breaks below|net"
    " outflows|sell off|death cross|security incident",
    -3: "crash crashes crashed crashing plunge plunges plunged plunging plummet plummets plummeted"
    " collapse collapses collapsed tumble tumbles tumbled hack hacks hacked hacker exploit exploits"
    " exploited stolen theft bankrupt bankruptcy insolvent insolvency scam ponzi delist delists"
    " delisted delisting|rug pull|bank run",
}

NEGATIONS: Final[frozenset[str]] = frozenset(
    [
        "not",
        "no",
        "never",
        "without",
        "neither",
        "nor",
        "hardly",
        "barely",
        "cannot",
        "cant",
        "isnt",
        "arent",
        "wasnt",
        "werent",
        "doesnt",
        "dont",
        "didnt",
        "wont",
        "wouldnt",
        "couldnt",
        "shouldnt",
        "hasnt",
        "havent",
        "denies",
        "denied",
        "deny",
        "unlikely",
        "fails",
        "failed",
        "fail",
        "stops",
        "stopped",
        "avoids",
        "avoided",
        "avoid",
    ]
)
"""Words that turn the tone of those shortly after them round."""

MARKET_WORDS: Final[frozenset[str]] = frozenset(
    [
        "crypto",
        "cryptocurrency",
        "cryptocurrencies",
        "blockchain",
        "token",
        "tokens",
        "stablecoin",
        "stablecoins",
        "defi",
        "nft",
        "etf",
        "etfs",
        "altcoin",
        "altcoins",
        "exchange",
        "exchanges",
        "mining",
        "miner",
        "miners",
        "staking",
        "wallet",
        "wallets",
        "binance",
        "coinbase",
        "kraken",
        "futures",
        "perpetual",
        "funding",
        "leverage",
        "onchain",
        "fed",
        "fomc",
        "powell",
        "cpi",
        "inflation",
        "sec",
        "cftc",
        "treasury",
    ]
)
"""Words that make an article one about this market, whichever coin it names."""


def _weights() -> dict[tuple[str, ...], int]:
    table: dict[tuple[str, ...], int] = {}
    for weight, text in _WORDS.items():
        words, *phrases = text.split("|")
        table |= {(word,): weight for word in words.split()}
        table |= {tuple(phrase.split()): weight for phrase in phrases}
    return table


WEIGHTS: Final[dict[tuple[str, ...], int]] = _weights()
"""Weight of each phrase, as its words in lower case."""

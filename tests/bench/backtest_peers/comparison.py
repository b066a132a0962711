"""A peer's run beside ours: how many times as long, whether the trades are the same, why the money is not."""

from __future__ import annotations

from collections.abc import Sequence

from tests.bench.backtest_peers.four_rules import (
    OURS,
    Crossings,
    Fill,
    RoundTrip,
    simulate,
    steps_between,
)
from tests.bench.backtest_peers.ours import OurRuns
from tests.bench.backtest_peers.peer import Peer, PeerRun

CENT = 0.005
"""Below this two amounts are the same to the cent."""
PRICE_DIGITS = 8
"""Some engines scale or average prices, which costs the last bits of a float; a tick is 0.1."""


def compare(peer: Peer, theirs: PeerRun, ours: OurRuns, our_seconds: float, candles: Crossings) -> list[str]:
    """Return the lines to print about a peer that ran on the same candles as ours."""
    ratio = theirs.run_s / our_seconds
    verdict = "held" if ratio >= peer.least_ratio else "NOT HELD"
    return [
        f"{peer.name:16} {theirs.run_s:9.3f} s, {ratio:.2f}x ours"
        f" (at least {peer.least_ratio:g}x: {verdict}), {theirs.trades:,} closed round trips",
        f"    trades: {_same_trades(peer, theirs, ours, candles)}",
        *(f"    {line}" for line in _why_other_money(peer, theirs, ours, candles)),
    ]


def check_ours(ours: OurRuns, candles: Crossings) -> str:
    """Say whether the simulator under our own rules comes to our trades and our equity."""
    simulated = simulate(candles, OURS)
    trades = _differing(_trips(ours.times, ours.prices), simulated.trips)
    gap = ours.final_equity - float(simulated.equity)
    return f"simulator under our rules: {trades or 'the same trades'}, equity {_within(gap)}"


def _same_trades(peer: Peer, theirs: PeerRun, ours: OurRuns, candles: Crossings) -> str:
    if theirs.times != ours.times:
        return f"{len(set(theirs.times) ^ set(ours.times))} TIMES DIFFER from ours"
    trips = _trips(theirs.times, theirs.prices)
    if peer.rules.fill is Fill.NEXT_OPEN:
        differing = _differing(trips, _trips(ours.times, ours.prices))
        return "the same times, " + (differing or "the same prices")
    differing = _differing(trips, simulate(candles, peer.rules).trips)
    return f"the same times; prices: {peer.rules.fill}, {differing or 'all of them exactly'}"


def _why_other_money(peer: Peer, theirs: PeerRun, ours: OurRuns, candles: Crossings) -> list[str]:
    lines = [
        f"final equity {theirs.final_equity:,.6f}, ours {ours.final_equity:,.6f}"
        f" ({theirs.final_equity - ours.final_equity:+,.6f})"
    ]
    lines += [f"  {step.worth:+14,.6f}  {step.rule}" for step in steps_between(candles, OURS, peer.rules)]
    simulated = float(simulate(candles, peer.rules).equity)
    lines.append(f"  simulated under its rules {simulated:,.6f}: {_within(theirs.final_equity - simulated)}")
    return lines


def _within(gap: float) -> str:
    return f"{'equal to the cent' if abs(gap) < CENT else 'NOT EXPLAINED'} ({gap:+.6f})"


def _trips(times: Sequence[tuple[int, int]], prices: Sequence[tuple[float, float]]) -> tuple[RoundTrip, ...]:
    return tuple(RoundTrip(*when, *at) for when, at in zip(times, prices, strict=True))


def _differing(some: Sequence[RoundTrip], others: Sequence[RoundTrip]) -> str:
    """Say how many round trips differ; empty when none does."""
    rounded = ({_rounded(trip) for trip in trips} for trips in (some, others))
    different = len(set.symmetric_difference(*rounded))
    return f"{different} ROUND TRIPS DIFFER" if different else ""


def _rounded(trip: RoundTrip) -> RoundTrip:
    prices = (round(price, PRICE_DIGITS) for price in (trip.entry_price, trip.exit_price))
    return RoundTrip(trip.entry_ms, trip.exit_ms, *prices)

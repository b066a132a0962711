"""Signals as the market moves: one checkpoint after the other."""

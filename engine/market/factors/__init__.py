"""Factors: named formulas over candles in a small safe language, and how well each foretells."""

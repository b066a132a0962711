"""Candles: as columns, built as the market moves, and kept minute by minute."""

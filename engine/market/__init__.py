"""Market data: candles, books, indicators and the replay of recorded markets."""

"""The candle store: recorded candles on disk, how they get there, and what is missing of them."""

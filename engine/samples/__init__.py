"""Recorded market data small enough to ship: the offline default."""

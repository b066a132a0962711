"""The order book, kept true from snapshots and differences."""

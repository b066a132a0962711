"""Answers to what programs ask of the market: over a history at once, and of this moment."""

"""Recorded markets, and how they are played."""

"""Signals over a whole history at once: arrays, previews and analyses."""

"""The market picture news belongs to, and when it has changed."""

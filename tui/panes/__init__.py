"""The panes of the terminal."""

"""The arena: what decisions came to, traders side by side, and where profit and loss came from.

`lots.py` shares every closing fill out among the orders that had opened, first in, first out; `book.py`
puts lots and decisions together; `stories.py`, `attribution.py` and `standings.py` read the book.
"""

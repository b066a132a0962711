"""Market regimes: the rule, over history and live."""

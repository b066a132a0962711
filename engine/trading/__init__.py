"""One trader's runtime: risk, orders and their life cycle, the kill switch."""

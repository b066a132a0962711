"""Market intelligence: what is written about the market, beside what the market does."""

"""The market a backtest trades on: quotes where something can happen, made of candles or a recording."""

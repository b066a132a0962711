"""What a chart shows: candles with indicator lines, cheap enough for every repaint."""

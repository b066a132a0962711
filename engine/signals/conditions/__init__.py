"""What a signal may ask: metrics, operators, text and JSON forms, and the rule both evaluations share."""

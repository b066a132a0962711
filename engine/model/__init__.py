"""The field's words as values: what every other part of the desk passes around.

Values are frozen `msgspec.Struct`s. Money, prices and sizes of orders, fills and positions are
`Decimal`; candles and indicators are `float`. Times are integer UTC milliseconds (`ts_ms`),
always market time: in a replay that is the time of the recording.
"""

"""Persistence: the tick log, states, candles and anomalies, and their recovery."""

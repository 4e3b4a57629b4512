"""What is kept on disk: the tick log, states, candles and anomalies, and how it comes back."""

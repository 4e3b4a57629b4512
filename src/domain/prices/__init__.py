"""Prices: ticks, their statistics, spikes and candles."""

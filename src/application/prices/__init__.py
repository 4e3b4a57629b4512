"""Prices: one file a use case, and the ports they need."""

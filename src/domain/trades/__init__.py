"""Trades: executions, and what they add up to."""

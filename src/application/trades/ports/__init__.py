"""The ports of trades."""

"""Storage and queries of trades."""

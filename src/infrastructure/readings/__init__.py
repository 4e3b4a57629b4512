"""Storage and queries of readings."""

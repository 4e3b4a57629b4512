"""The ports of readings."""

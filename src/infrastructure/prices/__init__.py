"""Storage and queries of prices."""

"""The ports of prices."""

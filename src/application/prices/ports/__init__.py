"""Where prices are read."""

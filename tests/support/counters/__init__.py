"""A minimal second subject with every feature, for tests only: one counter per key."""

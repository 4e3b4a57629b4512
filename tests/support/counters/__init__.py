"""A second subject, the smallest that shows everything: a counter a key, which exists in the tests only."""

"""Rules: what a user wants to be told of, and the alerts that come of it."""

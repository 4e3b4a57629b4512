"""Options: how their quotes are stored, and where queries find them."""

"""Option contracts, chains, and what they say: standard library only, no I/O, no clock."""

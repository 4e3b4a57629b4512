"""How prices are kept and read."""

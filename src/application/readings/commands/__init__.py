"""Commands on readings."""

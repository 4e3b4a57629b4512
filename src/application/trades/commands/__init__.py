"""Commands on trades."""

"""What every message passes through on its way to its handler."""

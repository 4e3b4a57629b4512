"""Rules: how they are kept, evaluated and recovered, and where alerts go."""

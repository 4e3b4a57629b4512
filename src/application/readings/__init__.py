"""Readings: use cases, one per file, and their ports."""

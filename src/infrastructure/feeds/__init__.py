"""Feeds other than HTTP."""

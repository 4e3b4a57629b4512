"""Decodes request bodies into columns."""

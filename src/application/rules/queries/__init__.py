"""Queries about rules."""

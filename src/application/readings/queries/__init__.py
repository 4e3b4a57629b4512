"""Queries on readings."""

"""Queries on trades."""

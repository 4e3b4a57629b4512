"""Queries about options."""

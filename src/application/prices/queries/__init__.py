"""Queries about prices."""

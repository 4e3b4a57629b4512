"""Ports of options."""

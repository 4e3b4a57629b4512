"""Ports of rules."""

"""Ports of access: what its use cases need."""

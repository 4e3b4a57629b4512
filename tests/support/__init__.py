"""Shared by tests: fakes of ports, a reference model, and the running service."""

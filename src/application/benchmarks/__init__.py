"""Benchmarks: use cases, one per file."""

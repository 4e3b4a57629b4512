"""Queries on benchmarks."""

"""Benchmarks: what trading systems measured of themselves."""

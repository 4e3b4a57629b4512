"""Commands on benchmarks."""

"""Storage and metrics of benchmarks."""

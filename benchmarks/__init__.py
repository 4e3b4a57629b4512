"""Side-by-side benchmarks. `make bench` runs them; each prints ratios and fails on a wrong result."""

"""Side-by-side measurements. `make bench` runs them; each prints ratios and fails on a wrong result."""

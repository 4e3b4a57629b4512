"""The domain model: prices, statistics and spikes. Standard library only; no I/O, no async, no clock."""

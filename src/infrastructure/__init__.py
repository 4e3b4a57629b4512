"""How it is done: partitions and workers, repositories, settings, feeds, telemetry."""

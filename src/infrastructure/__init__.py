"""The adapters: partitions and workers, repositories, settings, feeds, telemetry."""

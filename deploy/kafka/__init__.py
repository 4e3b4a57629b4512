"""A real Apache Kafka broker on this machine, for `make cluster` and for tests."""

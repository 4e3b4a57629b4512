"""The same partitions in several processes: Apache Kafka keeps the log and assigns the partitions."""

"""Where statistics and anomalies are kept."""

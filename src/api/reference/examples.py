"""Examples of answers that belong to no subject."""

PROCESSING = {
    "received": 3,
    "accepted": 2,
    "rejected": 1,
    "duplicates": 0,
    "processed": 2,
    "dropped": 0,
    "queued": 0,
    "failed": 0,
    "late": 0,
    "anomalies": 1,
    "activeSymbols": 1,
    "throughputPerSecond": 0.4,
    "partitions": [
        {
            "partition": 0,
            "queued": 0,
            "capacity": 100000,
            "processed": 2,
            "dropped": 0,
            "failed": 0,
            "restarts": 0,
            "latencyMs": {"mean": 0.05, "p50": 0.05, "p99": 0.099},
        }
    ],
}
HEALTH = {
    "status": "ok",
    "version": "0.1.0",
    "engine": "interpreted",
    "uptimeSeconds": 12.5,
    "simulated": False,
    "checks": {"workers": "ok", "storage": "ok"},
}

"""Feeders and a dashboard, as Locust users.

FastHttpUser, because Locust's ordinary client fills a core at a tenth of the requests.
"""

import random

from locust import FastHttpUser, constant_throughput, task

SYMBOLS = [f"LOAD{i}" for i in range(50)]
BATCH_SIZE = 200


def tick() -> dict[str, object]:
    return {"symbol": random.choice(SYMBOLS), "price": round(random.uniform(99, 101), 4)}


class SingleFeeder(FastHttpUser):
    """Posts one tick after the other, as fast as it is answered."""

    weight = 6

    @task
    def post_price(self) -> None:
        self.client.post("/api/prices", json=tick())


class BatchFeeder(FastHttpUser):
    """Posts batches, ten a second."""

    weight = 3
    wait_time = constant_throughput(10)

    @task
    def post_batch(self) -> None:
        self.client.post("/api/prices/batch", json=[tick() for _ in range(BATCH_SIZE)])


class Dashboard(FastHttpUser):
    """Looks at the list, at one symbol, at the anomalies and at the accounting, as a page would every half second."""

    weight = 1
    wait_time = constant_throughput(2)

    def on_start(self) -> None:
        # A symbol is there from its first tick.
        self.client.post("/api/prices/batch", json=[{"symbol": symbol, "price": 100} for symbol in SYMBOLS])

    @task
    def look(self) -> None:
        self.client.get("/api/prices", params={"limit": 50})
        self.client.get(f"/api/prices/{random.choice(SYMBOLS)}", name="/api/prices/{symbol}")
        self.client.get("/api/anomalies")
        self.client.get("/api/metrics")

"""Readings: batches over HTTP with storage on, GETs meanwhile, and how soon a reading is at a socket."""

import json
import random
import threading
import time
from statistics import median, quantiles
from typing import Any

from websockets.sync.client import connect

from benchmarks.ingest import WrongResult
from benchmarks.load import drive, request
from benchmarks.rows import row
from benchmarks.sides import SERVICE, Side, sides

_BATCH = 1000
_BATCHES = 64
_CONNECTIONS = 4
_MACHINES, _SENSORS = 32, ("temperature", "vibration", "pressure", "current")
_SETTLE_SECONDS = 60.0
_PROBES = 200
_INTERVAL_MS = 50


def machines(rounds: int) -> list[dict[str, Any]]:
    """JSON arrays of 1,000 readings of 128 sensors over 4 connections, with storage and the default rules on.

    By the clock and by processor time of the service, and the 95th percentile of GETs of a sensor meanwhile.
    """
    source = random.Random(1)
    by_clock, by_cpu, gets = [], [], list[float]()
    with sides(SERVICE, STORAGE__ENABLED="true", PROCESSING__PARTITIONS="1") as (service,):
        for number in range(-1, rounds):
            shares = [[_body(source) for _ in range(_BATCHES // _CONNECTIONS)] for _ in range(_CONNECTIONS)]
            over = threading.Event()
            asking = threading.Thread(target=_ask, args=(service, over, gets if number >= 0 else []))
            cpu = service.cpu_seconds()
            if number >= 0:
                asking.start()
            seconds = drive(service.port, shares)
            over.set()
            _settle(service, (number + 2) * _BATCHES * _BATCH)
            if number >= 0:
                asking.join()
                by_clock.append(_BATCHES * _BATCH / seconds)
                by_cpu.append(_BATCHES * _BATCH / (service.cpu_seconds() - cpu))
    return [
        row("by the clock", median(by_clock), "1/s"),
        row("by processor time", median(by_cpu), "per CPU s"),
        row("p95 of a GET meanwhile", 1000 * quantiles(gets, n=20)[-1], "ms"),
    ]


def machines_delay(_rounds: int) -> list[dict[str, Any]]:
    """From the beginning of a post until the reading is at a WebSocket that asks for 50 ms."""
    delays = []
    with (
        sides(SERVICE, STORAGE__ENABLED="true", PROCESSING__PARTITIONS="1") as (service,),
        connect(f"ws://127.0.0.1:{service.port}/ws") as watcher,
    ):
        asked = {"op": "subscribe", "symbols": ["M0"], "channels": ["readings"], "intervalMs": _INTERVAL_MS}
        watcher.send(json.dumps(asked))
        for number in range(_PROBES):
            time.sleep(_INTERVAL_MS / 1000 * random.random())  # no secret depends on it
            start = time.perf_counter()
            reading = json.dumps({"machineId": "M0", "sensorType": "t", "value": number}).encode()
            drive(service.port, [[request("/api/readings", reading)]])
            while not any(each["value"] == number for each in json.loads(watcher.recv(10)).get("readings", ())):
                pass
            delays.append(1000 * (time.perf_counter() - start))
    return [row("median", median(delays), "ms"), row("p95", quantiles(delays, n=20)[-1], "ms")]


def _ask(service: Side, over: threading.Event, seconds: list[float]) -> None:
    while not over.wait(0.01):
        start = time.perf_counter()
        service.get("/api/machines/M1/temperature")
        seconds.append(time.perf_counter() - start)


def _body(source: random.Random) -> bytes:
    now = int(time.time() * 1000)
    items = [
        {
            "machineId": f"M{source.randrange(_MACHINES)}",
            "sensorType": source.choice(_SENSORS),
            "value": round(source.gauss(80, 3), 2),
            "timestamp": now,
        }
        for _ in range(_BATCH)
    ]
    return request("/api/readings/batch", json.dumps(items, separators=(",", ":")).encode())


def _settle(service: Side, wanted: int) -> None:
    """Wait until so many readings are processed. Raises WrongResult."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while (found := _processed(service)) != wanted:
        if time.monotonic() > deadline:
            raise WrongResult(f"{found} readings are processed, and should be {wanted}")
        time.sleep(0.01)


def _processed(service: Side) -> int:
    lines = service.get("/metrics").decode().splitlines()
    found = next(line for line in lines if line.startswith("marketdata_readings_processed_total "))
    return int(float(found.split()[1]))

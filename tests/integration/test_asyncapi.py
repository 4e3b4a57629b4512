"""The documents of the stream say what is sent: every message, every field, every example."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from api.app import describe
from api.container import Container
from api.live import option_messages
from api.live.alert_messages import EXAMPLES as ALERT_EXAMPLES
from api.live.client_messages import decode_op
from api.live.examples import CLIENT
from api.reference.asyncapi import server_messages
from api.reference.option_examples import CHAIN
from infrastructure.settings import Settings
from support.service import Service
from support.watcher import Watcher

CONTAINER = Container(settings=Settings(storage={"enabled": False}))
_, DOCUMENT = describe(CONTAINER)
OWN = {name: each for own in CONTAINER.features() for name, each in own.live_examples.items()}
SERVER = server_messages(OWN | ALERT_EXAMPLES)
PAGE = (Path(__file__).parents[2] / "docs" / "stream.md").read_text()


def check(message: dict[str, Any]) -> None:
    schema = DOCUMENT["components"]["messages"][message["type"]]["payload"]
    jsonschema.Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(message)
    # And no field that nobody has heard of; what a snapshot is of has the name of its channel.
    known = SERVER[message["type"]][1].keys() - {"id"}
    channels = {"trades", "benchmarks", "readings"} if message["type"] == "snapshot" else set()
    assert {"prices" if name in channels else name for name in message} - {"id"} == known


@pytest.mark.parametrize("name", SERVER)
def test_examples_of_the_service_fit_their_schemas(name: str) -> None:
    assert SERVER[name][1]["type"] == name
    check(SERVER[name][1])


@pytest.mark.parametrize("name", CLIENT)
def test_examples_of_the_client_are_understood(name: str) -> None:
    example = CLIENT[name][1]
    assert example["op"] == name
    assert decode_op(json.dumps(example).encode()).id == example["id"]
    schema = DOCUMENT["components"]["messages"][name]["payload"]
    jsonschema.Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(example)


def test_page_has_every_message_with_its_words() -> None:
    shown = [json.loads(block) for block in re.findall(r"```json\n(.*?)\n```", PAGE, re.DOTALL)]
    assert shown == [example for messages in (CLIENT, SERVER) for _, example in messages.values()]
    words = " ".join(PAGE.split())
    for about, _ in (*CLIENT.values(), *SERVER.values()):
        assert about in words


def test_what_is_sent_fits_the_document(service: Service) -> None:
    with Watcher(service) as watcher:
        watcher.say("subscribe", id="a", symbols=["DOCS*"])
        watcher.say("subscribe", symbols=["DOCS*"], channels=["prices", "moves", "alerts"])
        watcher.say("dance")
        watcher.say("ping", id=1)
        watcher.until("pong")
        rule = {"name": "Docs", "subject": "prices", "keys": ["DOCS*"], "condition": {"level": {"above": 102}}}
        assert service.client.post("/api/rules", json=rule).status_code == 201
        service.post({"symbol": "DOCS1", "price": 100})
        service.post({"symbol": "DOCS1", "price": "104.00000000000000000001"})
        watcher.until("move")
        watcher.until("alert")
        watcher.say("subscribe", symbols=["DOCS1"], channels=["trades", "executions"])
        # What comes before the snapshot is sent is in it.
        watcher.until("snapshot", trades=[])
        service.client.post("/api/trades", json={"symbol": "DOCS1", "side": "buy", "quantity": 2})
        watcher.until("execution")
        watcher.until("trades")
        watcher.say("subscribe", symbols=["*"], channels=["benchmarks", "regressions"])
        watcher.until("snapshot", benchmarks=[])
        run = {"testType": "burst", "testName": "docs", "totalTrades": 1, "durationSeconds": 1}
        for throughput in (100, 100, 100, 1):
            service.client.post("/api/benchmarks", json=run | {"tradesPerSecond": throughput})
        watcher.until("regression")
        watcher.until("benchmarks")
        watcher.say("subscribe", symbols=["DOCS1"], channels=["readings"])
        watcher.until("snapshot", readings=[])
        service.client.post("/api/readings", json={"machineId": "DOCS1", "sensorType": "t", "value": 2})
        watcher.until("readings")
        service.post({"symbol": "DOCS1", "price": 104})
        watcher.until("prices")
        watcher.say("unsubscribe", id=2, symbols=["DOCS*"])
        watcher.until("unsubscribed")
        for message in watcher.seen:
            check(message)
        expected = SERVER.keys() - option_messages.EXAMPLES.keys() - {"gap", "heartbeat"}
        assert {message["type"] for message in watcher.seen} == expected


def test_what_is_sent_of_options_fits_the_document(service: Service) -> None:
    channels = list(option_messages.EXAMPLES)
    with Watcher(service) as watcher:
        watcher.say("subscribe", symbols=["*"], channels=channels)
        watcher.until("snapshot", last=True)
        answer = service.client.post("/api/options/chains", json=CHAIN | {"product": "DOCS"})
        assert answer.json()["accepted"] == 4
        for channel in channels:
            watcher.until(channel)
        for message in watcher.seen:
            if message["type"] in channels:
                check(message)


def test_document_is_served(service: Service) -> None:
    assert service.client.get("/schema/asyncapi.json").json() == DOCUMENT
    assert DOCUMENT["asyncapi"] == "3.0.0"

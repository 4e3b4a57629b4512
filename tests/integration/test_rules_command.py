"""`marketdata rules`, the file of rules, and the rules of a simulation."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from support.service import MARKETDATA, Service, environment, eventually, marketdata

RULES = """
[[rules]]
id = "gold"
name = "Gold above 110.5"
subject = "prices"
keys = ["GOLD"]
condition = { level = { above = 110.5 } }

[[rules]]
id = "all"
name = "Moves"
subject = "prices"
keys = ["*"]
condition = { move = { percent = 2, withinMs = 1000 } }
"""


def ids(service: Service) -> list[str]:
    return [each["id"] for each in service.client.get("/api/rules").json()["items"]]


def test_rules_are_added_listed_tried_and_removed_from_the_command_line(
    start: Callable[..., Service], tmp_path: Path
) -> None:
    service = start(READINGS__DEFAULT_RULES="false")
    (tmp_path / "rules.toml").write_text(RULES)

    def run(*arguments: str) -> tuple[int, str]:
        ended = marketdata("rules", *arguments, "--url", service.url, cwd=tmp_path)
        return ended.returncode, ended.stdout + ended.stderr

    tick = {"symbol": "GOLD", "price": 111, "timestamp": 1769860800000}
    service.client.post("/api/prices", json=tick, headers={"Prefer": "durable"})
    code, told = run("backtest", "rules.toml")
    assert (code, [line.split()[:3] for line in told.splitlines()[1:]]) == (0, [["gold", "1", "1"], ["all", "1", "0"]])
    assert run("add", "rules.toml") == (0, "gold is added\nall is added\n")
    code, told = run("list")
    assert (code, [line.split()[0] for line in told.splitlines()]) == (0, ["id", "all", "gold"])
    assert '{"level":{"above":110.5}}' in told
    code, told = run("add", "rules.toml")
    assert (code, "There is a rule with the id gold" in told) == (1, True)
    assert run("remove", "gold") == (0, "gold is removed\n")
    assert ids(service) == ["all"]
    code, told = run("remove", "gold")
    assert (code, "No rule has the id gold" in told) == (1, True)
    (tmp_path / "bad.toml").write_text("rules = 5")
    assert run("add", "bad.toml")[0] == 1
    gone = marketdata("rules", "list", "--url", "http://127.0.0.1:1", cwd=tmp_path)
    assert (gone.returncode, "no connection" in gone.stderr) == (1, True)


def test_the_file_of_rules_is_what_it_says_at_every_start(start: Callable[..., Service], tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(RULES)
    service = start(RULES__FILE=str(file), READINGS__DEFAULT_RULES="false")
    assert ids(service) == ["all", "gold"]
    own = {"id": "own", "name": "Own", "subject": "prices", "keys": ["A"], "condition": {"level": {"above": 1}}}
    assert service.client.post("/api/rules", json=own).status_code == 201
    refused = service.client.delete("/api/rules/gold")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:marketdata:problem:rule-in-file")
    tick = {"symbol": "GOLD", "price": 111, "timestamp": 1769860800000}
    service.client.post("/api/prices", json=tick, headers={"Prefer": "durable"})
    assert service.terminate() == 0
    # The same rule goes on, another one is gone.
    file.write_text(RULES[: RULES.index('[[rules]]\nid = "all"')])
    again = start(again=service, RULES__FILE=str(file), READINGS__DEFAULT_RULES="false")
    assert ids(again) == ["gold", "own"]
    assert again.client.get("/api/rules/gold").json()["revision"] == 1
    assert [each["state"] for each in again.client.get("/api/alerts").json()["items"]] == ["raised"]
    assert again.terminate() == 0
    file.write_text(RULES.replace("110.5 }", "120 }"))
    third = start(again=again, RULES__FILE=str(file), READINGS__DEFAULT_RULES="false")
    assert third.client.get("/api/rules/gold").json()["revision"] == 2
    assert [each["state"] for each in third.client.get("/api/alerts").json()["items"]] == ["resolved"]


def test_a_wrong_file_of_rules_stops_the_start_with_a_message(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    for text, message in (
        (RULES.replace('id = "gold"', ""), "rule 1: id: is required"),
        (RULES.replace("percent = 2", "percent = -2"), "rule 2: condition.move.percent"),
        (RULES.replace('id = "gold"', 'id = "all"'), "two rules have one id"),
        ("[[rules", "not valid TOML"),
        ("[server]", "nothing but tables"),
    ):
        file.write_text(text)
        ended = marketdata(
            "serve",
            "--port",
            "0",
            "--no-simulation",
            cwd=tmp_path,
            RULES__FILE=str(file),
            READINGS__DEFAULT_RULES="false",
        )
        assert (ended.returncode, message in ended.stderr) == (1, True), ended.stderr


def test_a_simulation_has_prices_as_usual_and_three_rules(start: Callable[..., Service]) -> None:
    service = start("--simulation", SIMULATION__SEED="1", READINGS__DEFAULT_RULES="false")
    assert ids(service) == ["sample-bitcoin", "sample-euro", "sample-move"]
    eventually(lambda: len(service.client.get("/api/prices").json()["items"]) == 5)
    prices = {each["symbol"]: each["currentPrice"] for each in service.client.get("/api/prices").json()["items"]}
    assert 0.5 < prices["EURUSD"] < 2
    assert 30_000 < prices["BTCUSD"] < 130_000
    assert service.client.delete("/api/rules/sample-euro").status_code == 204
    assert service.terminate() == 0
    again = start("--simulation", again=service, READINGS__DEFAULT_RULES="false")
    assert ids(again) == ["sample-bitcoin", "sample-move"]


def test_the_receiver_says_whether_signatures_are_genuine(start: Callable[..., Service], tmp_path: Path) -> None:
    given = {**environment(), "MARKETDATA_RECEIVE_SECRET": "0123456789abcdef", "PYTHONUNBUFFERED": "1"}
    receiver = subprocess.Popen(
        [MARKETDATA, "receive", "--port", "0"], stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=given
    )
    assert receiver.stdout is not None
    try:
        url = receiver.stdout.readline().split()[-1]
        channels = {
            name: {"url": url, "secret": secret}
            for name, secret in (("right", "0123456789abcdef"), ("wrong", "0123456789abcdeF"))
        }
        variables = {
            "NOTIFICATIONS__CHANNELS": json.dumps(channels),
            "NOTIFICATIONS__ALLOW_PRIVATE_TARGETS": "true",
            "NOTIFICATIONS__MAX_ATTEMPTS": "1",
        }
        service = start(**variables)
        for channel in channels:
            rule = {
                "name": channel,
                "subject": "prices",
                "keys": [channel.upper()],
                "condition": {"level": {"above": 1}},
                "notify": [channel],
            }
            assert service.client.post("/api/rules", json=rule).status_code == 201
            service.client.post("/api/prices", json={"symbol": channel, "price": 2}, headers={"Prefer": "durable"})
            line = receiver.stdout.readline()
            assert (" genuine " in line, "NOT GENUINE" in line) == (channel == "right", channel == "wrong"), line
            assert f'"key":"{channel.upper()}"' in line
        letters = "/api/notifications/dead-letters"
        dead = eventually(lambda: service.client.get(letters).json()["items"])
        assert [(each["channel"], each["error"]) for each in dead] == [("wrong", "the answer is 400")]
    finally:
        receiver.kill()
        receiver.wait()
        receiver.stdout.close()
    assert os.environ.get("MARKETDATA_RECEIVE_SECRET") is None

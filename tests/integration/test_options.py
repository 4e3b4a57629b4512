"""Options through the running service: in, out, live, on disk."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from domain.access.role import Role
from domain.options.option_model import OptionModel
from support.access import api_key, bearer, put_keys
from support.option_chains import EXPIRY, FOLDER, SAMPLE_EXPIRY, T0_US, sample_rows
from support.option_chains import chain_body as chain
from support.service import Service, eventually
from support.watcher import Watcher

DURABLE = {"Prefer": "durable"}
T0_MS = T0_US // 1000
MODEL = OptionModel()


def send(service: Service, body: dict[str, Any]) -> None:
    answer = service.client.post("/api/options/chains", json=body, headers=DURABLE)
    assert (answer.status_code, answer.json()["rejected"]) == (200, 0), answer.text


def get(service: Service, path: str, **params: Any) -> dict[str, Any]:
    answer = service.client.get(f"/api/options/{path}", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_chain_says_what_it_should(service: Service) -> None:
    send(service, chain("FULL"))
    found = get(service, "full/chain")
    assert (found["expiry"], found["asOf"], found["spotPrice"]) == (EXPIRY, "2026-01-28T04:30:00.000Z", 100)
    assert (found["spotSource"], found["expired"], found["atmStrike"]) == ("chain", False, 100)
    assert (found["totalCallOi"], found["totalPutOi"], found["pcrOi"]) == (1500, 1050, 0.7)
    assert found["atmIv"] == pytest.approx(0.3, rel=1e-3)
    for each in [*found["calls"], *found["puts"]]:
        assert each["iv"] == pytest.approx(0.3, rel=1e-3)
        assert (each["ivReason"], each["flags"]) == (None, [])
    assert [each["strike"] for each in get(service, "FULL/chain", strikes="98:102")["puts"]] == [98, 100, 102]
    assert get(service, "FULL/pcr")["pcrVolume"] == 1
    assert get(service, "FULL/straddle")["strike"] == 100
    pain = {each["strike"]: each["pain"] for each in get(service, "FULL/max-pain")["pain"]}
    assert pain[96] == sum(70 * (at + 1) * 2 * at for at in range(5))
    assert get(service, "FULL/max-pain")["maxPainStrike"] == min(pain, key=lambda strike: (pain[strike], strike))
    interest = get(service, "FULL/open-interest", top=1)
    assert (interest["resistance"], interest["support"]) == (
        [{"strike": 104, "openInterest": 500}],
        [{"strike": 98, "openInterest": 140}],
    )
    assert interest["callBuildup"] == {"itm": 300, "atm": 300, "otm": 900}
    assert len(get(service, "FULL/greeks")["items"]) == 10
    surface = get(service, "FULL/volatility-surface")
    assert [len(smile["points"]) for smile in surface["smiles"]] == [5]
    assert surface["arbitrage"] == []
    contract = get(service, f"FULL/contracts/FULL-{EXPIRY}-100-C")
    assert contract["contract"] == next(each for each in found["calls"] if each["strike"] == 100)


def test_what_is_unknown_is_named(service: Service) -> None:
    send(service, chain("KNOWN"))
    for path, named in (
        ("NOPE/chain", "product NOPE"),
        ("KNOWN/pcr?expiry=2026-02-26", "expiry 2026-02-26 of KNOWN"),
        ("KNOWN/contracts/KNOWN-2026-01-29-7-C", "contract KNOWN-2026-01-29-7-C of KNOWN"),
    ):
        answer = service.client.get(f"/api/options/{path}")
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:marketdata:problem:option-not-found")
        assert named in answer.json()["detail"]


def test_an_answer_is_confirmed_until_its_chain_changes(service: Service) -> None:
    send(service, chain("TAGGED"))
    paths = ["chain", "pcr", "max-pain", "open-interest", "straddle", "greeks", "volatility-surface", "expiries"]
    tags = {path: service.client.get(f"/api/options/TAGGED/{path}").headers["etag"] for path in paths}
    for path, tag in tags.items():
        again = service.client.get(f"/api/options/TAGGED/{path}", headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b""), path
    send(service, chain("TAGGED", at_ms=T0_MS + 1000))
    for path, tag in tags.items():
        again = service.client.get(f"/api/options/TAGGED/{path}", headers={"If-None-Match": tag})
        assert again.status_code == 200, path


def test_a_chain_replaces_the_quotes_it_names_and_leaves_the_others(service: Service) -> None:
    send(service, chain("PARTS"))
    send(service, {"product": "PARTS", "expiry": EXPIRY, "calls": [{"strike": 100, "last": 3}], "timestamp": T0_MS + 1})
    found = get(service, "PARTS/chain")
    assert [(each["last"], each["openInterest"]) for each in found["calls"]] == [
        (3 if strike == 100 else None, None if strike == 100 else (at + 1) * 100)
        for at, strike in enumerate(range(96, 106, 2))
    ]
    # It has no bid now, and the price of its last trade is new.
    assert next(each for each in found["calls"] if each["strike"] == 100)["priceUsed"] == 3


def test_quotes_come_alone_and_in_batches_too(service: Service) -> None:
    quote = {"product": "SOLO", "expiry": EXPIRY, "strike": "7.50", "option_type": "PUT", "bid": 1, "timestamp": T0_MS}
    assert service.client.post("/api/options/quotes", json=quote | {"id": "1"}).json() == {"accepted": 1}
    batch = [quote | {"id": "1"}, quote | {"id": "2", "strike": 8}, quote | {"strike": -1}]
    answer = service.client.post("/api/options/quotes/batch", json=batch)
    assert (answer.status_code, answer.json()["accepted"], answer.json()["duplicates"]) == (202, 1, 1)
    assert [(each["index"], each["field"], each["code"]) for each in answer.json()["errors"]] == [
        (2, "strike", "not_positive")
    ]
    lines = "\n".join(json.dumps(quote | {"strike": strike}) for strike in (9, 10))
    answer = service.client.post(
        "/api/options/quotes/batch", content=lines, headers={"Content-Type": "application/x-ndjson", **DURABLE}
    )
    assert (answer.status_code, answer.json()["accepted"]) == (200, 2)
    assert [each["strike"] for each in get(service, "SOLO/chain")["puts"]] == [7.5, 8, 9, 10]


def test_a_batch_with_a_key_is_taken_once(service: Service) -> None:
    headers = {"Idempotency-Key": "chain-1"}
    first = service.client.post("/api/options/chains", json=chain("ONCE"), headers=headers)
    again = service.client.post("/api/options/chains", json=chain("ONCE"), headers=headers)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    other = service.client.post("/api/options/chains", json=chain("ONCE", 101.0), headers=headers)
    assert other.status_code == 422


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"{", 400, "not JSON"),
        (b"[]", 400, "not a JSON object"),
        (b'{"product":"BAD","expiry":"2026-01-29","calls":[]}', 400, "no quote"),
        (b'{"product":"BAD","expiry":"29 Jan","calls":[{"strike":1}]}', 400, "must be a day"),
        (b'{"product":"BAD","expiry":"2026-01-29","calls":[{"strike":-1}]}', 400, "must be greater than 0"),
        (b'{"product":"BAD","expiry":"2026-01-29","calls":[{"strike":1,"product":"B"}]}', 400, "contradicts"),
        (b'{"product":"BAD","expiry":"2026-01-29","calls":[{"strike":1,"optionType":"X"}]}', 400, "contradicts"),
        (b'{"product":"BAD","expiry":"2026-01-29","spotPrice":0,"calls":[{"strike":1}]}', 400, "greater than 0"),
    ],
)
def test_bad_chains_are_refused_with_a_reason(service: Service, body: bytes, status: int, told: str) -> None:
    answer = service.client.post("/api/options/chains", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert told in answer.text
    assert service.client.get("/api/options/BAD/chain").status_code == 404


def test_100_000_contracts_are_too_many(service: Service) -> None:
    many = json.dumps({"product": "MANY", "expiry": EXPIRY, "calls": [{"strike": at} for at in range(1, 100_001)]})
    answer = service.client.post("/api/options/chains", content=many, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:marketdata:problem:too-large")


def test_crossed_expired_and_bidless_quotes_are_flagged_and_imply_nothing(service: Service) -> None:
    after_ms = MODEL.expires_us(EXPIRY) // 1000
    quotes = [
        {"strike": 98, "bid": 5, "ask": 3, "last": 4},
        {"strike": 100, "bid": 0, "ask": 3, "last": 2},
        {"strike": 102, "bid": 2, "ask": 3, "timestamp": after_ms},
    ]
    send(service, chain("FLAGS", calls=quotes, puts=[{"strike": 110, "bid": 9, "ask": 9.5}]))
    found = get(service, "FLAGS/chain")
    assert [(each["flags"], each["iv"], each["ivReason"]) for each in found["calls"] + found["puts"]] == [
        (["crossed"], None, "no_price"),
        (["zero_bid"], None, "no_price"),
        (["expired"], None, "expired"),
        ([], None, "below_intrinsic"),
    ]


def test_late_quotes_are_counted_and_change_nothing(service: Service) -> None:
    send(service, chain("LATE"))
    before = get(service, "LATE/greeks")["items"]
    send(service, chain("LATE", 99.0, at_ms=T0_MS - 1))
    assert get(service, "LATE/greeks")["items"] == before
    assert get(service, "LATE/chain")["spotPrice"] == 100
    lines = service.client.get("/metrics").text.splitlines()
    assert next(line for line in lines if line.startswith("marketdata_option_quotes_late_total ")).split()[1] == "10.0"


def test_the_spot_is_asked_of_prices_and_else_implied(service: Service) -> None:
    send(service, chain("SPOTLESS", None))
    found = get(service, "SPOTLESS/chain")
    assert (found["spotSource"], found["spotPrice"]) == ("implied", pytest.approx(100, abs=1e-6))
    assert service.client.post("/api/prices", json={"symbol": "SPOTLESS", "price": 101.5}, headers=DURABLE).is_success
    found = get(service, "SPOTLESS/chain")
    assert (found["spotSource"], found["spotPrice"]) == ("prices", 101.5)
    # A price of long ago is none.
    send(service, chain("OLDPRICE", None))
    service.client.post("/api/prices", json={"symbol": "OLDPRICE", "price": 5, "timestamp": T0_MS}, headers=DURABLE)
    assert get(service, "OLDPRICE/chain")["spotSource"] == "implied"


def test_the_history_has_a_point_for_every_minute(service: Service) -> None:
    for minute in range(4):
        send(service, chain("PAST", 100.0 + minute, at_ms=T0_MS + minute * 60_000))
    page = get(service, "PAST/history", limit=3)
    assert [each["spotPrice"] for each in page["items"]] == [100, 101, 102]
    rest = get(service, "PAST/history", limit=3, cursor=page["nextCursor"])
    assert ([each["spotPrice"] for each in rest["items"]], rest["nextCursor"]) == ([103], None)
    newest = get(service, "PAST/history", order="desc", limit=2)
    assert [each["spotPrice"] for each in newest["items"]] == [103, 102]
    for figure in ("pcr", "max-pain", "straddle"):
        points = get(service, f"PAST/{figure}", history=2)["history"]
        assert [each["spotPrice"] for each in points] == [102, 103]
    answer = service.client.get("/api/options/PAST/history", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["start"] for row in rows] == [f"2026-01-28T04:3{minute}:00.000Z" for minute in range(4)]


def test_the_history_has_longer_intervals_too(service: Service) -> None:
    for minute in (0, 2, 4, 5, 9, 16):
        send(service, chain("LONGER", 100.0 + minute, at_ms=T0_MS + minute * 60_000))
    page = get(service, "LONGER/history", interval="5m")
    assert [each["spotPrice"] for each in page["items"]] == [104, 109, 116]
    assert [each["start"][11:16] for each in page["items"]] == ["04:30", "04:35", "04:45"]
    points = get(service, "LONGER/pcr", history=9, interval="15m")["history"]
    assert [each["spotPrice"] for each in points] == [109, 116]
    answer = service.client.get("/api/options/LONGER/history", params={"interval": "7m"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "interval")


def one_call(at_ms: int, price: float, interest: int) -> dict[str, Any]:
    call = {"strike": 100, "bid": price, "ask": price, "openInterest": interest}
    return chain("WINDOW", at_ms=at_ms, calls=[call | {"previousOpenInterest": 500, "previousClose": 3}], puts=[])


@pytest.mark.parametrize("stored", ["true", "false"])
def test_build_up_is_told_over_a_window(start: Callable[..., Service], stored: str) -> None:
    service = start(STORAGE__ENABLED=stored)
    for minute, price, interest in ((0, 5.0, 100), (1, 4.0, 90), (10, 4.5, 95)):
        body = one_call(T0_MS + minute * 60_000, price, interest)
        assert service.client.post("/api/options/chains", json=body).status_code == 202
    eventually(lambda: get(service, "WINDOW/open-interest", windowMinutes=8)["strikes"][0]["callOiChange"] == 5)
    for minutes, since, change, word in (
        (None, None, -405, "short_covering"),
        (10, None, None, None),
        (9, "2026-01-28T04:31:00.000Z", -5, "long_unwinding"),
        (8, "2026-01-28T04:32:00.000Z", 5, "long_build_up"),
    ):
        asked = {} if minutes is None else {"windowMinutes": minutes}
        found = get(service, "WINDOW/open-interest", **asked)
        row = found["strikes"][0]
        assert (found["since"], row["callOiChange"], row["callBuildUp"]) == (since, change, word), minutes
        assert get(service, "WINDOW/chain", **asked)["calls"][0]["buildUp"] == word
    answer = service.client.get("/api/options/WINDOW/chain", params={"windowMinutes": 10_081})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "windowMinutes")


def test_a_product_is_forgotten_with_its_past(start: Callable[..., Service]) -> None:
    service = start(STORAGE__CHECKPOINT_INTERVAL_SECONDS="0.2")
    for minute in range(3):
        send(service, chain("GONE", at_ms=T0_MS + minute * 60_000))
        send(service, chain("STAYS", at_ms=T0_MS + minute * 60_000))
    assert service.client.delete("/api/options/NOSUCH").status_code == 404
    assert service.client.delete("/api/options/gone").status_code == 204
    kept = get(service, "STAYS/history")

    def is_gone(running: Service) -> None:
        assert running.client.get("/api/options/GONE/chain").status_code == 404
        assert [each["product"] for each in running.client.get("/api/options").json()["items"]] == ["STAYS"]
        assert get(running, "STAYS/history") == kept

    is_gone(service)
    service.kill()
    again = start(again=service)
    is_gone(again)
    # What comes afterwards begins anew.
    send(again, chain("GONE", at_ms=T0_MS + 2 * 60_000 + 1))
    assert len(get(again, "GONE/history")["items"]) == 1


def test_rules_are_about_figures_of_chains_and_contracts(start: Callable[..., Service]) -> None:
    service = start(STORAGE__CHECKPOINT_INTERVAL_SECONDS="0.2")

    def add(condition: dict[str, Any]) -> Any:
        body = {"name": "a rule", "subject": "options", "keys": ["RULE*"], "condition": condition}
        return service.client.post("/api/rules", json=body)

    of = f"{EXPIRY}-104-c"
    for condition in (
        {"pcr": {"above": 1.2}},
        {"openInterest": {"of": of, "above": 499}},
        {"maxPainDistance": {"of": EXPIRY, "below": -0.5}},
        {"iv": {"above": 0.29}},
    ):
        assert add(condition).status_code == 201
    kept = next(
        each for each in service.client.get("/api/rules").json()["items"] if "openInterest" in each["condition"]
    )
    assert kept["condition"] == {"openInterest": {"of": of.upper(), "above": 499}}
    refused = add({"level": {"above": 1}})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "unknown_condition")
    send(service, chain("RULED"))
    send(service, chain("RULED", 103.0, at_ms=T0_MS + 1000))
    send(service, chain("UNRULED"))

    def told(running: Service) -> dict[str, tuple[str, str]]:
        found = running.client.get("/api/alerts").json()["items"]
        return {each["explanation"].partition(" is ")[0]: (each["key"], each["state"]) for each in found}

    before = told(service)
    assert before.keys() == {f"openInterest {of.upper()} 500", *(each for each in before if each.startswith("iv 0.3"))}
    assert len(before) == 2
    assert set(before.values()) == {("RULED", "raised")}
    service.kill()
    again = start(again=service)
    # The spot of the second chain is above the strike of the least pain, 102.
    send(again, chain("RULED", 103.0, at_ms=T0_MS + 2000))
    after = told(again)
    assert [each for each in after if each.startswith(f"maxPainDistance {EXPIRY} -")] != []
    assert len(after) == 3
    assert again.client.delete("/api/options/RULED").status_code == 204
    assert told(again) == {}


def test_chains_are_watched_live(service: Service) -> None:
    send(service, chain("LIVE"))
    name = f"LIVE-{EXPIRY}"
    with Watcher(service) as watcher:
        watcher.say("subscribe", symbols=[name], channels=["chains", "chain-summaries"])
        assert [each["chain"] for each in watcher.until("snapshot")["chains"]] == [name]
        assert watcher.until("snapshot")["chain-summaries"][0]["pcrOi"] == 0.7
        watcher.say("subscribe", symbols=[f"{name}*"], channels=["quotes"])
        assert len(watcher.until("snapshot")["quotes"]) == 10
        send(service, {"product": "LIVE", "expiry": EXPIRY, "puts": [{"strike": 96, "bid": 5, "ask": 6}]})
        send(service, chain("OTHER"))
        for channel in ("quotes", "chains", "chain-summaries"):
            watcher.until(channel)
        messages = {each["type"]: each for each in watcher.seen}
        assert [(each["contract"], each["bid"]) for each in messages["quotes"]["quotes"]] == [(f"{name}-96-P", 5)]
        assert [each["chain"] for each in messages["chains"]["chains"]] == [name]
        assert messages["chains"]["chains"][0]["puts"][0]["priceUsed"] == 5.5
        assert "OTHER" not in json.dumps(watcher.seen)


def test_everything_is_recovered_after_a_kill(start: Callable[..., Service]) -> None:
    service = start(STORAGE__CHECKPOINT_INTERVAL_SECONDS="0.2", PROCESSING__PARTITIONS="2")
    for minute in range(3):
        send(service, chain("KEPT", 100.0 + minute, at_ms=T0_MS + minute * 60_000))
        send(service, chain("ALSO", 98.0, at_ms=T0_MS + minute * 60_000))
    quote = {"product": "KEPT", "expiry": EXPIRY, "strike": 100, "optionType": "CALL", "symbol": "MINE", "id": "a"}
    service.client.post("/api/options/quotes", json=quote | {"timestamp": T0_MS + 200_000}, headers=DURABLE)

    def told(running: Service) -> list[Any]:
        paths = ["KEPT/chain", "KEPT/greeks", "ALSO/max-pain", "KEPT/history", "ALSO/history", "KEPT/contracts/MINE"]
        answers = [get(running, path) for path in paths]
        for answer in answers:
            answer.pop("staleness", None)
        return answers

    before = told(service)
    assert len(before[3]["items"]) == 4
    service.kill()
    again = start(again=service, PROCESSING__PARTITIONS="3")
    assert told(again) == before
    # Ids are remembered over the kill.
    repeated = again.client.post("/api/options/quotes", json=quote)
    assert repeated.json() == {"accepted": 0, "duplicates": 1}
    assert again.terminate() == 0
    assert told(start(again=again)) == before


def test_a_service_without_a_store_keeps_history_in_memory(start: Callable[..., Service]) -> None:
    service = start(STORAGE__ENABLED="false", OPTIONS__RECENT_SUMMARIES="2")
    for minute in range(4):
        body = chain("SHORT", 100.0 + minute, at_ms=T0_MS + minute * 60_000)
        assert service.client.post("/api/options/chains", json=body).status_code == 202
    eventually(lambda: get(service, "SHORT/chain")["spotPrice"] == 103)
    assert [each["spotPrice"] for each in get(service, "SHORT/history")["items"]] == [101, 102, 103]


def test_simulated_chains_follow_their_simulated_underlying(start: Callable[..., Service]) -> None:
    service = start("--simulation", SIMULATION__OPTION_CHAINS_PER_SECOND="50", SIMULATION__SEED="1")
    eventually(lambda: len(service.client.get("/api/options").json()["items"]) == 2)
    eventually(lambda: len(get(service, "AAPL/expiries")["items"]) == 3)
    found = get(service, "AAPL/chain")
    price = service.client.get("/api/prices/AAPL").json()["currentPrice"]
    assert found["spotSource"] == "prices"
    assert found["spotPrice"] == pytest.approx(price, rel=0.05)
    assert found["forward"] == pytest.approx(price, rel=0.05)
    assert found["pcrOi"] > 0


def test_a_key_sees_and_writes_its_own_products_only(tmp_path: Path) -> None:
    mine = ("MINE",)
    keys = (api_key(1, Role.FEEDER), api_key(2, Role.VIEWER, prefixes=mine), api_key(3, Role.FEEDER, prefixes=mine))
    put_keys(tmp_path / "data", *keys)
    with Service(tmp_path, AUTH__ENABLED="true") as service:
        _check_keys(service, *map(bearer, keys))


def _check_keys(
    service: Service, feeder: dict[str, str], limited: dict[str, str], limited_feeder: dict[str, str]
) -> None:
    for product in ("MINE", "YOURS"):
        answer = service.client.post("/api/options/chains", json=chain(product), headers=DURABLE | feeder)
        assert answer.status_code == 200
    assert service.client.post("/api/options/chains", json=chain("MINE"), headers=limited).status_code == 403
    assert service.client.get("/api/options/MINE/chain", headers=limited).status_code == 200
    assert service.client.get("/api/options/YOURS/chain", headers=limited).status_code == 404
    listed = service.client.get("/api/options", headers=limited).json()["items"]
    assert [each["product"] for each in listed] == ["MINE"]
    assert service.client.get("/api/options").status_code == 401
    refused = service.client.post("/api/options/chains", json=chain("YOURS"), headers=limited_feeder)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "forbidden_symbol")


@pytest.mark.skipif(FOLDER is None, reason="MARKETDATA_OPTION_RECORDINGS names no folder")
def test_the_recorded_chain_gives_the_figures_of_the_page(start: Callable[..., Service]) -> None:
    service = start(OPTIONS__RATE="0.065")
    rows = sample_rows()

    def side(kind: str) -> list[dict[str, Any]]:
        return [
            {
                "strike": row["strike"],
                "bid": row["bid"],
                "ask": row["ask"],
                "last": row["last"],
                "volume": int(row["volume"]),
                "open_interest": int(row["open_interest"]),
            }
            for row in rows
            if row["option_type"] == kind
        ]

    send(
        service,
        {
            "product": "NIFTY",
            "expiry": SAMPLE_EXPIRY,
            "spot_price": rows[0]["spot"],
            "calls": side("CALL"),
            "puts": side("PUT"),
            "timestamp": "2025-12-23T15:29:00+05:30",
        },
    )
    page = (Path(__file__).parents[2] / "docs" / "options.md").read_text()
    found = get(service, "NIFTY/chain")
    for name in ("totalCallOi", "totalPutOi", "pcrOi", "pcrVolume", "maxPainStrike", "atmStrike"):
        assert f"| `{name}` | {found[name]:.15g} |" in page, name
    contracts = [*found["calls"], *found["puts"]]
    assert not [each for each in contracts if not each["bid"] and each["iv"] is not None]
    assert sum(each["iv"] is not None for each in contracts) == int(
        page.partition("| contracts with an implied volatility | ")[2].partition(" ")[0]
    )

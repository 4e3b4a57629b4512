"""The client and the commands with a key."""

import pytest
from websockets.exceptions import InvalidStatus

from marketdata_client import Connected, MarketDataClient, RequestRefused, SyncMarketDataClient, Tick
from support.access import text_of
from support.service import Service, eventually, marketdata

from .conftest import KEYS

FEEDER, VIEWER, ADMIN = (text_of(KEYS[name]) for name in ("feeder", "viewer", "admin"))


def test_scripts_sign_in_with_a_key(guarded: Service) -> None:
    with SyncMarketDataClient(guarded.url, key=ADMIN) as client:
        assert client.post(Tick("SCRIPT", 1.5)).accepted == 1
        stream = client.stream("SCRIPT")
        assert isinstance(next(stream), Connected)
        stream.close()
        eventually(lambda: client.statistics("SCRIPT").current_price == 1.5)
    with SyncMarketDataClient(guarded.url) as client, pytest.raises(RequestRefused, match="Send a valid key"):
        client.post(Tick("SCRIPT", 1.5))


async def test_programs_sign_in_with_a_key(guarded: Service) -> None:
    async with MarketDataClient(guarded.url, key=FEEDER) as feeder:
        assert (await feeder.post_many([Tick("PROGRAM", 1.5)])).accepted == 1
        with pytest.raises(InvalidStatus):
            await anext(aiter(feeder.stream("PROGRAM")))
    async with MarketDataClient(guarded.url, key=VIEWER) as viewer:
        messages = aiter(viewer.stream("PROGRAM"))
        assert isinstance(await anext(messages), Connected)
        await messages.aclose()


def test_commands_take_a_key_from_the_environment_or_an_option(guarded: Service) -> None:
    folder = guarded.directory
    (folder / "ticks.csv").write_text("symbol,price\nREPLAYED,7\n")
    url = ("--url", guarded.url)
    sent = marketdata("replay", "ticks.csv", *url, cwd=folder, KEY=FEEDER)
    assert sent.stdout.startswith("1 accepted"), sent.stderr
    refused = marketdata("replay", "ticks.csv", *url, cwd=folder, KEY=VIEWER)
    assert (refused.returncode, "needs the --key of a feeder" in refused.stderr) == (1, True)
    seen = marketdata("watch", "--once", "REPLAYED", *url, "--key", VIEWER, cwd=folder)
    assert "REPLAYED" in seen.stdout, seen.stderr
    nobody = marketdata("watch", "--once", "REPLAYED", *url, cwd=folder)
    assert (nobody.returncode, "401" in nobody.stderr) == (1, True)

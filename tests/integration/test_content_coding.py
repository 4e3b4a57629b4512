"""Compressed bodies in, compressed answers out."""

import gzip
import json

import pytest
import zstandard

from api.http.content_coding import accepted_coding
from support.service import Service, assert_balanced

NDJSON = "application/x-ndjson"
CODERS = {"gzip": gzip.compress, "zstd": zstandard.ZstdCompressor().compress}


def lines(symbol: str, count: int) -> bytes:
    return b"\n".join(b'{"symbol":"%b","price":%d}' % (symbol.encode(), at + 1) for at in range(count))


def post(
    service: Service, path: str, body: bytes, coding: str, media_type: str = NDJSON
) -> tuple[int, dict[str, object]]:
    headers = {"Content-Encoding": coding, "Content-Type": media_type}
    answer = service.client.post(path, content=body, headers=headers)
    return answer.status_code, answer.json()


@pytest.mark.parametrize("coding", CODERS)
def test_compressed_bodies_are_decoded_on_every_way_in(service: Service, coding: str) -> None:
    symbol = f"IN{coding}".upper()
    one = CODERS[coding](json.dumps({"symbol": symbol, "price": 5}).encode())
    assert post(service, "/api/prices", one, coding, "application/json") == (202, {"accepted": 1})
    many = CODERS[coding](lines(symbol, 1000))
    for path in ("/api/prices/batch", "/api/prices/stream"):
        status, answer = post(service, path, many, coding)
        assert (status, answer["accepted"], answer["rejected"]) == (202, 1000, 0)
    service.settled()
    assert service.client.get(f"/api/prices/{symbol}").json()["updateCount"] == 2001


@pytest.mark.parametrize("coding", CODERS)
def test_several_members_in_a_row_are_one_body(service: Service, coding: str) -> None:
    encode = CODERS[coding]
    body = encode(lines("MEMBERS", 3) + b"\n") + encode(lines("MEMBERS", 4))
    assert post(service, "/api/prices/batch", body, coding)[1]["accepted"] == 7


@pytest.mark.parametrize("path", ["/api/prices/batch", "/api/prices/stream"])
@pytest.mark.parametrize("coding", CODERS)
def test_a_body_that_is_not_what_it_says_is_refused(service: Service, path: str, coding: str) -> None:
    whole = CODERS[coding](lines("BROKEN", 2000))
    for body, wanted in (
        (b"plain", "is not in the coding"),
        (whole[:-9], "incomplete"),
        (whole + b"rest", "is not in the coding"),
    ):
        status, answer = post(service, path, body, coding)
        assert status == 400
        assert wanted in str(answer["detail"])
    assert_balanced(service.settled())


@pytest.mark.parametrize("path", ["/api/prices/batch", "/api/prices/stream"])
@pytest.mark.parametrize("coding", CODERS)
def test_a_bomb_is_refused_before_it_is_decoded(service: Service, path: str, coding: str) -> None:
    bomb = CODERS[coding](b" " * 50_000_000)
    status, answer = post(service, path, bomb, coding)
    assert status == 413
    assert "times its size" in str(answer["detail"])


def test_a_body_is_limited_as_it_is_decoded(service: Service) -> None:
    # Hardly compressible, so within the ratio.
    body = b"\n".join(b'{"symbol":"LONG","price":%d}' % (at * 7919 % 1_000_003 + 1) for at in range(150_000))
    assert len(body) > 4_194_304
    status, answer = post(service, "/api/prices/batch", gzip.compress(body), "gzip")
    assert (status, answer["type"]) == (413, "urn:marketdata:problem:too-large")


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip"])
def test_other_codings_are_named_as_unsupported(service: Service, coding: str) -> None:
    answer = service.client.post("/api/prices", content=b"x", headers={"Content-Encoding": coding})
    assert answer.status_code == 415
    assert answer.headers["accept-encoding"] == "gzip, zstd"
    assert answer.json()["type"] == "urn:marketdata:problem:unsupported-coding"


def test_long_answers_are_compressed_where_the_client_accepts_it(service: Service) -> None:
    ticks = [{"symbol": f"OUT{at}", "price": 1} for at in range(500)]
    service.client.post("/api/prices/batch", json=ticks)
    service.settled()
    path = "/api/prices?limit=500"
    plain = service.client.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    for accepted, coding in (("gzip, deflate", "gzip"), ("zstd, gzip", "zstd"), ("zstd;q=0, gzip;q=0.5", "gzip")):
        answer = service.client.get(path, headers={"Accept-Encoding": accepted})
        assert answer.headers["content-encoding"] == coding
        assert int(answer.headers["content-length"]) < len(plain.content) / 4
        assert "Accept-Encoding" in answer.headers["vary"]
        assert answer.content == plain.content
        assert answer.headers["etag"] == plain.headers["etag"]
    assert "content-encoding" not in service.client.get(path, headers={"Accept-Encoding": "gzip;q=0"}).headers
    for other in ("/metrics", "/schema/openapi.json"):
        assert service.client.get(other, headers={"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"


def test_short_answers_are_not_compressed(service: Service) -> None:
    answer = service.client.get("/health/live", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", None),
        ("identity", None),
        ("*", "gzip"),
        ("gzip;q=0, *", None),
        ("zstd;q=0.000, gzip", "gzip"),
        ("GZIP", "gzip"),
        ("br, zstd;q=0.1", "zstd"),
    ],
)
def test_the_coding_is_one_that_is_accepted(accepted: str, coding: str | None) -> None:
    assert accepted_coding(accepted) == coding


@pytest.mark.parametrize("coding", CODERS)
def test_frames_without_content_are_no_content(service: Service, coding: str) -> None:
    body = CODERS[coding](b"") * 5000 + CODERS[coding](lines("EMPTY", 1))
    assert post(service, "/api/prices/batch", body, coding)[1]["accepted"] == 1

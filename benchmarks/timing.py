"""Whether the time of a refusal tells what is wrong with a key. `python -m benchmarks.timing [--json FILE]`.

Keys of several kinds, none of them valid, come in random order: first to the function that authenticates, then over a
connection to a running service. Prints Welch's t of every two kinds, and fails if one of them is 4.5 or more.
"""

import argparse
import gc
import json
import math
import random
import secrets
import socket
import sys
import time
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from statistics import fmean, median, variance

from application.access.directory import Directory
from application.access.errors import Unauthenticated
from benchmarks.guarding import bearer, guarded
from domain.access.api_key import ApiKey, digest_of, key_text
from domain.access.role import Role
from infrastructure.access.jwt_tokens import JwtTokens
from infrastructure.system_clock import SystemClock

_T_MAX = 4.5
_KEYS = 1000

Make = Callable[[], str]


def kinds(keys: Sequence[str]) -> dict[str, Make]:
    """Wrong keys, made of valid ones: the id right, the id and all but the end of the secret, nothing."""

    def known_id() -> str:
        return key_text(random.choice(keys).split("_", 2)[1], secrets.token_urlsafe(32))

    def valid_prefix() -> str:
        # No key comes twice: the service knows the heads of requests again, of wrong ones too.
        return random.choice(keys)[:-8] + secrets.token_urlsafe(6)

    def unknown_id() -> str:
        return key_text(secrets.token_hex(8), secrets.token_urlsafe(32))

    return {"known id": known_id, "valid prefix": valid_prefix, "random": unknown_id}


def timed(made: dict[str, Make], count: int, refuse: Callable[[str], int]) -> dict[str, list[int]]:
    """The nanoseconds that so many of each kind took, in random order."""
    order = [kind for kind in made for _ in range(count)]
    random.shuffle(order)
    # All are made in that order, so that memory does not tell them apart either.
    prepared = [(kind, made[kind]().encode()) for kind in order]
    seen: dict[str, list[int]] = {kind: [] for kind in made}
    gc.disable()
    for kind, key in prepared:
        seen[kind].append(refuse(key.decode("latin-1")))
    gc.enable()
    return seen


def in_process(count: int) -> dict[str, list[int]]:
    """`Directory.authenticate`, with a thousand keys."""
    texts = [key_text(secrets.token_hex(8), secrets.token_urlsafe(32)) for _ in range(_KEYS)]
    directory = Directory(JwtTokens(), SystemClock())
    directory.load(ApiKey(text[3:19], "", Role.FEEDER, digest_of(text[20:]), (), 0) for text in texts)

    def refuse(key: str) -> int:
        start = time.perf_counter_ns()
        try:
            directory.authenticate(key)
        except Unauthenticated:
            return time.perf_counter_ns() - start
        raise RuntimeError("a wrong key was accepted")

    return timed(kinds(texts), count, refuse)


def over_a_connection(count: int) -> dict[str, list[int]]:
    """`GET /api/prices`, one request after the other."""
    with guarded("viewer") as (side, valid, _), socket.create_connection(("127.0.0.1", side.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def refuse(key: str) -> int:
            request = f"GET /api/prices/A HTTP/1.1\r\nHost: localhost\r\n{bearer(key)}\r\n".encode()
            start = time.perf_counter_ns()
            connection.sendall(request)
            answer = b""
            # Head and body may come one after the other.
            while not answer.endswith(b"}"):
                answer += connection.recv(65_536)
            taken = time.perf_counter_ns() - start
            if not answer.startswith(b"HTTP/1.1 401 "):
                raise RuntimeError(f"unexpected answer: {answer[:300]!r}")
            return taken

        return timed(kinds([valid]), count, refuse)


def welch(one: Sequence[int], other: Sequence[int]) -> float:
    return (fmean(one) - fmean(other)) / math.sqrt(variance(one) / len(one) + variance(other) / len(other))


def report(where: str, seen: dict[str, list[int]]) -> dict[str, float]:
    print(where)
    for kind, taken in seen.items():
        print(f"  {kind:32} {len(taken):>9,} samples, mean {fmean(taken):,.0f} ns, median {median(taken):,.0f} ns")
    found = {f"{one}, {other}": welch(seen[one], seen[other]) for one, other in combinations(seen, 2)}
    for pair, t in found.items():
        print(f"  {pair:32} t = {t:.2f}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=100_000, help="of each kind, in the process")
    parser.add_argument("--requests", type=int, default=10_000, help="of each kind, over a connection")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    figures = {
        "in the process": report("in the process", in_process(arguments.samples)),
        "over a connection": report("over a connection", over_a_connection(arguments.requests)),
    }
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    return int(any(abs(t) >= _T_MAX for found in figures.values() for t in found.values()))


if __name__ == "__main__":
    sys.exit(main())

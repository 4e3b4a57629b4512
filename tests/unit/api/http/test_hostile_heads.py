"""Whatever stands in the heads of requests, nobody gets in by it, and nothing but a refusal comes of it."""

import string
from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from api.http.access import Access, Rule
from api.http.client_addresses import ClientAddresses
from api.http.cookies import ACCESS_COOKIE, cookie_in
from application.access.directory import Directory
from application.access.errors import Forbidden, Unauthenticated
from domain.access.account import read_account_name
from domain.access.role import Role
from domain.network import network_of
from infrastructure.access.jwt_tokens import ALGORITHM, JwtTokens, SigningKey
from support.access import account, api_key, session, text_of
from support.fakes import FakeClock

CLOCK, TOKENS, KEY, SESSION = FakeClock(), JwtTokens(), api_key(1, Role.ADMIN), session()
TOKENS.load([SigningKey("0123456789abcdef", ALGORITHM, b"s" * 32, 0)])
TOKEN = TOKENS.issue("ada", SESSION.id, CLOCK.now_us())
BASE64URL = string.ascii_letters + string.digits + "-_"


def access() -> Access:
    directory = Directory(TOKENS, CLOCK)
    directory.load([KEY], [account()])
    directory.hold(SESSION)
    return Access(directory)


ACCESS = access()


def is_admitted(*headers: tuple[bytes, bytes]) -> bool:
    try:
        return ACCESS.admit(Rule.READ, headers) is not None
    except (Unauthenticated, Forbidden):
        return False


def bearer(text: bytes) -> tuple[bytes, bytes]:
    return b"authorization", b"Bearer " + text


def cookie(text: bytes) -> tuple[bytes, bytes]:
    return b"cookie", f"{ACCESS_COOKIE}=".encode() + text


def test_the_key_and_the_token_themselves_are_admitted() -> None:
    assert is_admitted(bearer(text_of(KEY).encode()))
    assert is_admitted(cookie(TOKEN.encode()))
    assert not is_admitted(bearer(TOKEN.encode()))
    assert not is_admitted(cookie(text_of(KEY).encode()))


@given(st.binary(max_size=200), st.lists(st.binary(max_size=200), max_size=3))
def test_anything_else_is_refused(authorization: bytes, cookies: list[bytes]) -> None:
    given = [(b"cookie", each) for each in cookies]
    assert not is_admitted((b"authorization", authorization), *given)
    assert not is_admitted(bearer(authorization), *given)
    assert not is_admitted(*given)
    assert not is_admitted(*map(cookie, cookies))


def changed(text: str, at: int, by: str) -> str:
    at %= len(text)
    return text[:at] + by + text[at + 1 :]


@given(st.integers(0, 10_000), st.text(max_size=2))
def test_a_key_that_is_nearly_right_is_refused(at: int, by: str) -> None:
    near = changed(text_of(KEY), at, by)
    if near != text_of(KEY):
        assert not is_admitted(bearer(near.encode()))


@given(st.integers(0, 10_000), st.text(alphabet=BASE64URL + ".=", max_size=2))
def test_a_token_that_is_nearly_right_is_refused(at: int, by: str) -> None:
    near = changed(TOKEN, at, by)
    # The last two bits of the last character are of nothing.
    if near != TOKEN and near[:-1] != TOKEN[:-1]:
        assert not is_admitted(cookie(near.encode()))


@given(st.lists(st.binary(max_size=60), max_size=4))
def test_a_cookie_is_found_once_or_not_at_all(texts: list[bytes]) -> None:
    headers = [(b"cookie", each) for each in texts]
    assert cookie_in(headers, ACCESS_COOKIE) is None
    assert cookie_in([*headers, cookie(b"x")], ACCESS_COOKIE) == "x"
    assert cookie_in([*headers, cookie(b"x"), cookie(b"y")], ACCESS_COOKIE) is None


@given(
    st.text(max_size=60) | st.ip_addresses().map(str), st.lists(st.binary(max_size=60) | st.ip_addresses(), max_size=4)
)
def test_an_address_is_the_peer_or_an_address_whatever_is_forwarded(peer: str, forwarded: list[object]) -> None:
    values = [each if isinstance(each, bytes) else str(each).encode() for each in forwarded]
    headers = [(b"x-forwarded-for", each) for each in values]
    assert ClientAddresses(()).of(peer, headers) == peer
    found = ClientAddresses(("0.0.0.0/0", "::/0")).of(peer, headers)
    if found != peer:
        assert network_of(str(ip_address(found)))


@given(st.text(max_size=70))
def test_a_name_has_one_canonical_form_or_is_none(text: str) -> None:
    name = read_account_name(text)
    assert name is None or (read_account_name(name) == name and name == text.strip().lower())

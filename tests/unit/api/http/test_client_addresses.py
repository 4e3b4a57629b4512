import pytest

from api.http.client_addresses import ClientAddresses

PROXIES = ClientAddresses(("10.0.0.0/8", "::1"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        pytest.param("203.0.113.5", ["198.51.100.7"], "203.0.113.5", id="who is no proxy is not believed"),
        pytest.param("10.0.0.1", ["198.51.100.7"], "198.51.100.7", id="a proxy is"),
        pytest.param("10.0.0.1", [], "10.0.0.1", id="a proxy that says nothing"),
        pytest.param("10.0.0.1", ["1.1.1.1, 198.51.100.7"], "198.51.100.7", id="the client invents what is before it"),
        pytest.param("10.0.0.1", ["198.51.100.7, 10.2.3.4"], "198.51.100.7", id="two proxies"),
        pytest.param("10.0.0.1", ["198.51.100.7", "10.2.3.4"], "198.51.100.7", id="two headers"),
        pytest.param("10.0.0.1", ["10.9.9.9"], "10.9.9.9", id="a client within the network of the proxies"),
        pytest.param("10.0.0.1", ["198.51.100.7, unknown"], "10.0.0.1", id="no address"),
        pytest.param("::1", ["2001:db8:1:2:3::4"], "2001:db8:1:2:3::4", id="IPv6"),
        pytest.param("", ["198.51.100.7"], "", id="a connection that has closed"),
    ],
)
def test_the_address_is_the_last_one_that_is_not_a_proxys(peer: str, forwarded: list[str], address: str) -> None:
    headers = [(b"host", b"x"), *((b"x-forwarded-for", each.encode()) for each in forwarded)]
    assert PROXIES.of(peer, headers) == address


def test_without_proxies_nobody_is_believed() -> None:
    assert ClientAddresses(()).of("127.0.0.1", [(b"x-forwarded-for", b"198.51.100.7")]) == "127.0.0.1"

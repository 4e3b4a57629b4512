from domain.network import network_of


def test_a_network_of_ipv6_is_one_address_and_every_ipv4_address_its_own() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:2")
    assert network_of("2001:db8::1") != network_of("2001:db8:0:1::1")
    assert network_of("fe80::1%eth0") == network_of("fe80::2")
    assert network_of("10.0.0.1") != network_of("10.0.0.2")
    assert network_of("::ffff:10.0.0.1") == network_of("10.0.0.1")
    assert network_of("") == ""

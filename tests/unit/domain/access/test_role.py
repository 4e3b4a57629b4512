from domain.access.principal import Principal
from domain.access.role import Permission, Role, roles_with


def test_a_feeder_writes_a_viewer_reads_an_operator_sees_more_and_an_admin_may_everything() -> None:
    may = {role: {permission for permission in Permission if role.may(permission)} for role in Role}
    assert may == {
        Role.FEEDER: {Permission.WRITE},
        Role.VIEWER: {Permission.READ},
        Role.OPERATOR: {Permission.READ, Permission.OPERATE},
        Role.ADMIN: set(Permission),
    }
    assert roles_with(Permission.OPERATE) == (Role.OPERATOR, Role.ADMIN)


def test_prefixes_limit_the_symbols_and_none_do_not() -> None:
    limited = Principal("1", "x", Role.FEEDER, ("BTC", "EUR/"))
    assert [limited.may_touch(symbol) for symbol in ("BTC", "BTCUSD", "EUR/USD", "EUR", "ABTC")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert Principal("1", "x", Role.FEEDER).may_touch("ANY")

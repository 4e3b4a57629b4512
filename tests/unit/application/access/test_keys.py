import pytest

from application.access.commands.create_key import CreateKey, CreateKeyHandler, CreateKeyValidator
from application.access.commands.revoke_key import RevokeKey, RevokeKeyHandler
from application.access.directory import Directory
from application.access.errors import KeyNotFound, Unauthenticated
from application.access.queries.list_keys import ListKeys, ListKeysHandler
from application.errors import ValidationFailed
from domain.access.role import Role
from support.access import SECRET, CountedSecrets, FakeTokens, MemoryKeys, api_key, text_of
from support.fakes import START_US, FakeClock


async def test_created_key_authenticates_and_only_its_digest_is_stored() -> None:
    keys, clock = MemoryKeys(), FakeClock()
    command = CreateKeyValidator(clock).validate(CreateKey(" desk 7 ", Role.FEEDER, ("btc", "BTC", "eur/")))
    created = await CreateKeyHandler(keys, CountedSecrets(), clock).handle(command)
    [stored] = await ListKeysHandler(keys).handle(ListKeys())
    assert (stored.name, stored.role, stored.prefixes) == ("desk 7", Role.FEEDER, ("BTC", "EUR/"))
    assert created.text.rpartition("_")[2] not in repr(stored)
    directory = Directory(FakeTokens(), clock)
    directory.load([stored])
    assert directory.authenticate(created.text) == stored.principal


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (CreateKey("", Role.VIEWER), "invalid_name"),
        (CreateKey("x" * 65, Role.VIEWER), "invalid_name"),
        (CreateKey("a\nb", Role.VIEWER), "invalid_name"),
        (CreateKey("x", Role.VIEWER, ("no good",)), "invalid_symbol"),
        (CreateKey("x", Role.VIEWER, tuple(f"A{number}" for number in range(101))), "too_many"),
        (CreateKey("x", Role.VIEWER, ("no good",) * 100_000), "too_many"),
        (CreateKey("x", Role.ADMIN, ("BTC",)), "contradiction"),
        (CreateKey("x", Role.VIEWER, (), START_US), "in_the_past"),
    ],
)
def test_key_that_makes_no_sense_is_not_created(command: CreateKey, code: str) -> None:
    with pytest.raises(ValidationFailed) as failed:
        CreateKeyValidator(FakeClock()).validate(command)
    assert [error.code for error in failed.value.errors] == [code]


async def test_revoked_key_stays_revoked_since_the_first_time() -> None:
    keys, clock = MemoryKeys(api_key()), FakeClock()
    revoke = RevokeKeyHandler(keys, clock)
    await revoke.handle(RevokeKey(api_key().id))
    clock.jump(5)
    await revoke.handle(RevokeKey(api_key().id))
    assert keys.keys[api_key().id].revoked_us == START_US
    with pytest.raises(KeyNotFound):
        await revoke.handle(RevokeKey("ffff"))


def test_unknown_wrong_expired_revoked_and_malformed_keys_get_the_same_answer() -> None:
    directory = Directory(FakeTokens(), FakeClock())
    expired, revoked = api_key(2, expires_us=START_US), api_key(3, revoked_us=START_US - 1)
    directory.load([api_key(), expired, revoked])
    assert directory.authenticate(text_of(api_key())).id == api_key().id
    messages = set()
    for text in (
        text_of(api_key(9)),
        text_of(api_key(), SECRET[1:] + "t"),
        text_of(expired),
        text_of(revoked),
        "md_nonsense",
        "",
    ):
        with pytest.raises(Unauthenticated) as refused:
            directory.authenticate(text)
        messages.add(str(refused.value))
    assert len(messages) == 1


@pytest.mark.parametrize("stored", [(), (3,), (1, 3, 5, 8, 13)])
def test_every_key_opens_for_itself_and_for_no_neighbour(stored: tuple[int, ...]) -> None:
    directory = Directory(FakeTokens(), FakeClock())
    directory.load([api_key(number) for number in reversed(stored)])
    opened = []
    for number in (*range(20), 2**64 - 1):
        try:
            opened.append((number, directory.authenticate(text_of(api_key(number))).id))
        except Unauthenticated:
            continue
    assert opened == [(number, api_key(number).id) for number in stored]


def test_whoever_remembers_an_answer_is_told_to_forget_it() -> None:
    clock, told = FakeClock(), []
    directory = Directory(FakeTokens(), clock)
    directory.on_change(lambda: told.append(clock.now_us()))
    expiring = api_key(expires_us=START_US + 1_000_000)
    directory.load([expiring, api_key(2)])
    assert (len(told), directory.next_expiry_us()) == (1, START_US + 1_000_000)
    assert directory.knows(expiring.principal)
    clock.jump(1)
    assert not directory.knows(expiring.principal)
    assert directory.next_expiry_us() is None
    assert directory.knows(api_key(2).principal)
    directory.load([])
    assert not directory.knows(api_key(2).principal)


def test_only_a_successful_use_is_noted_and_once() -> None:
    directory = Directory(FakeTokens(), FakeClock())
    directory.load([api_key()])
    with pytest.raises(Unauthenticated):
        directory.authenticate(text_of(api_key(), "t" * 43))
    assert directory.take_used() == {}
    directory.authenticate(text_of(api_key()))
    assert directory.take_used() == {api_key().id: START_US}
    assert directory.take_used() == {}

import asyncio
from dataclasses import replace

import pytest

from application.access.attempts import Attempts
from application.access.commands.accept_invitation import AcceptInvitation, AcceptInvitationHandler
from application.access.commands.change_password import ChangePassword, ChangePasswordHandler
from application.access.commands.create_account import CreateAccount, CreateAccountHandler, CreateAccountValidator
from application.access.commands.disable_account import DisableAccount, DisableAccountHandler
from application.access.commands.refresh_session import RefreshSession, RefreshSessionHandler
from application.access.commands.sign_in import SignIn, SignInHandler
from application.access.commands.sign_out import SignOut, SignOutHandler
from application.access.directory import Directory
from application.access.errors import (
    AccessUnavailable,
    AccountExists,
    AccountNotFound,
    TooManyAttempts,
    Unauthenticated,
    WrongPassword,
)
from application.access.password_checks import PasswordChecks
from application.access.sessions import SESSION_SECONDS, Sessions, SignedIn
from application.errors import ValidationFailed
from domain.access.role import Role
from support.access import (
    PASSWORD,
    CountedSecrets,
    FakePasswords,
    FakeTokens,
    KeptAudit,
    MemoryAccounts,
    account,
)
from support.fakes import FakeClock

NEW = "another long password"


class Desk:
    """Everything of accounts over fakes, with the account of ada."""

    def __init__(self) -> None:
        self.clock, self.audit, self.passwords = FakeClock(), KeptAudit(), FakePasswords()
        self.people = MemoryAccounts(account())
        self.directory = Directory(FakeTokens(), self.clock)
        self.directory.load([], self.people.saved.values())
        secrets = CountedSecrets()
        by_account, self.by_address = Attempts(self.clock, 5, 60), Attempts(self.clock, 20, 900)
        checks = PasswordChecks(self.directory, self.passwords, by_account, self.by_address, self.audit)
        self.sessions = Sessions(self.people, self.directory, secrets, FakeTokens(), self.clock)
        self.sign_in_handler = SignInHandler(checks, self.sessions, self.audit)
        self.change = ChangePasswordHandler(
            checks, self.passwords, self.people, self.directory, self.sessions, self.audit
        ).handle
        self.accept = AcceptInvitationHandler(
            self.by_address, self.passwords, self.people, self.directory, self.sessions, self.audit, self.clock
        ).handle
        self.create = CreateAccountHandler(self.people, secrets, self.clock).handle
        self.refresh = RefreshSessionHandler(self.sessions).handle
        self.sign_out = SignOutHandler(self.sessions, self.audit).handle

    async def sign_in(self, password: str = PASSWORD, name: str = "ada", address: str = "10.0.0.1") -> SignedIn:
        return await self.sign_in_handler.handle(SignIn(name, password, address))

    def reload(self) -> None:
        self.directory.load([], self.people.saved.values())


async def renewed(desk: Desk, token: str | None) -> str:
    assert token is not None
    found = (await desk.refresh(RefreshSession(token))).refresh_token
    assert found is not None
    return found


async def test_who_signs_in_is_known_until_the_access_token_expires() -> None:
    desk = Desk()
    done = await desk.sign_in(name=" ADA ")
    principal = desk.directory.signed_in(done.access_token)
    assert (principal.name, principal.role, principal.prefixes) == ("ada", Role.VIEWER, ())
    desk.clock.jump(300)
    with pytest.raises(Unauthenticated):
        desk.directory.signed_in(done.access_token)
    assert desk.directory.knows(principal)
    assert PASSWORD not in "".join(desk.audit.noted)


async def test_wrong_names_passwords_and_disabled_accounts_get_one_answer_at_one_price() -> None:
    desk = Desk()
    desk.people.saved["bob"] = account("bob", disabled_us=1)
    desk.people.saved["new"] = account("new", password=None)
    desk.reload()
    told = set()
    for name, password in (("ada", "x"), ("nobody", PASSWORD), ("bob", PASSWORD), ("new", "None"), ("\x00ö", "")):
        with pytest.raises(WrongPassword) as refused:
            await desk.sign_in(password, name)
        told.add(str(refused.value))
    assert (len(told), desk.passwords.checked) == (1, 5)


async def test_refresh_token_is_good_once_and_using_it_again_ends_the_session() -> None:
    desk = Desk()
    first = (await desk.sign_in()).refresh_token
    second = await renewed(desk, first)
    desk.clock.jump(60)
    third = await renewed(desk, second)
    for reused in (first, second):
        assert reused is not None
        with pytest.raises(Unauthenticated):
            await desk.refresh(RefreshSession(reused))
    with pytest.raises(Unauthenticated):
        await desk.refresh(RefreshSession(third))
    assert desk.people.held == {}


async def test_two_tabs_that_refresh_at_once_stay_signed_in() -> None:
    desk = Desk()
    first = (await desk.sign_in()).refresh_token
    assert first is not None
    second = await renewed(desk, first)
    again = await desk.refresh(RefreshSession(first))
    assert again.refresh_token is None
    assert desk.directory.signed_in(again.access_token).name == "ada"
    assert await renewed(desk, second)


async def test_session_ends_when_it_is_not_renewed_for_a_week() -> None:
    desk = Desk()
    token = (await desk.sign_in()).refresh_token
    desk.clock.jump(SESSION_SECONDS - 1)
    token = await renewed(desk, token)
    desk.clock.jump(2 * SESSION_SECONDS)
    with pytest.raises(Unauthenticated):
        await desk.refresh(RefreshSession(token))


@pytest.mark.parametrize("token", ["", "_", "x", "0000000000000001", "0000000000000001_", "_" * 1000])
async def test_anything_else_is_no_refresh_token(token: str) -> None:
    desk = Desk()
    with pytest.raises(Unauthenticated):
        await desk.refresh(RefreshSession(token))


async def test_sign_out_ends_the_session_at_once_and_only_that_one() -> None:
    desk = Desk()
    one, other = await desk.sign_in(), await desk.sign_in()
    assert one.refresh_token is not None
    await desk.sign_out(SignOut(one.refresh_token))
    with pytest.raises(Unauthenticated):
        desk.directory.signed_in(one.access_token)
    assert desk.directory.signed_in(other.access_token).name == "ada"
    await desk.sign_out(SignOut(one.refresh_token))
    await desk.sign_out(SignOut(f"{(other.refresh_token or '')[:16]}_{'x' * 43}"))
    assert len(desk.people.held) == 1


async def test_an_account_has_twenty_sessions_and_a_new_one_ends_the_oldest() -> None:
    desk = Desk()
    done = []
    for at in range(22):
        desk.clock.jump(at)
        done.append(await desk.sign_in())
    assert len(desk.people.held) == 20
    with pytest.raises(Unauthenticated):
        desk.directory.signed_in(done[1].access_token)
    assert desk.directory.signed_in(done[2].access_token).name == "ada"


async def test_changed_password_ends_all_sessions_but_the_new_one() -> None:
    desk = Desk()
    old = await desk.sign_in()
    with pytest.raises(WrongPassword):
        await desk.change(ChangePassword("ada", "wrong", NEW))
    new = await desk.change(ChangePassword("ada", PASSWORD, NEW))
    with pytest.raises(Unauthenticated):
        desk.directory.signed_in(old.access_token)
    assert desk.directory.signed_in(new.access_token).name == "ada"
    with pytest.raises(WrongPassword):
        await desk.sign_in(PASSWORD)
    assert await desk.sign_in(NEW)
    # The store's account is the one in memory, so that reading it again ends no session.
    desk.reload()
    assert desk.directory.signed_in(new.access_token).name == "ada"


@pytest.mark.parametrize("password", ["", "x" * 11, "x" * 129, "adalovelace-ada"])
async def test_poor_passwords_are_refused(password: str) -> None:
    desk = Desk()
    name = "adalovelace"
    desk.people.saved[name] = account(name)
    desk.reload()
    with pytest.raises(ValidationFailed) as failed:
        await desk.change(ChangePassword(name, PASSWORD, password))
    assert [error.code for error in failed.value.errors] == ["invalid_password"]


async def test_invitation_is_accepted_once_and_in_time() -> None:
    desk = Desk()
    invitation = await desk.create(CreateAccountValidator().validate(CreateAccount(" Bob@Example.org", Role.OPERATOR)))
    desk.reload()
    with pytest.raises(WrongPassword):
        await desk.sign_in("", "bob@example.org")
    with pytest.raises(Unauthenticated):
        await desk.accept(AcceptInvitation("bob@example.org", "wrong", NEW))
    with pytest.raises(ValidationFailed):
        await desk.accept(AcceptInvitation("bob@example.org", invitation, "short"))
    done = await desk.accept(AcceptInvitation("Bob@example.org", invitation, NEW))
    assert desk.directory.signed_in(done.access_token).role is Role.OPERATOR
    assert invitation not in repr(desk.people.saved)
    with pytest.raises(Unauthenticated):
        await desk.accept(AcceptInvitation("bob@example.org", invitation, NEW))
    assert await desk.sign_in(NEW, "bob@example.org")
    again = await desk.create(CreateAccount("bob@example.org", Role.VIEWER, again=True))
    desk.reload()
    desk.clock.jump(3 * 86_400)
    with pytest.raises(Unauthenticated):
        await desk.accept(AcceptInvitation("bob@example.org", again, NEW))


async def test_invitation_that_two_accept_at_once_is_accepted_by_one() -> None:
    desk = Desk()
    invitation = await desk.create(CreateAccount("bob", Role.VIEWER))
    desk.reload()
    two = (desk.accept(AcceptInvitation("bob", invitation, f"{NEW} {number}")) for number in range(2))
    done = await asyncio.gather(*two, return_exceptions=True)
    assert [type(each) for each in done] == [SignedIn, Unauthenticated]
    assert desk.people.saved["bob"].password == f"hash of {NEW} 0"
    assert len(desk.people.held) == 1


async def test_invitation_stays_good_when_the_password_could_not_be_hashed() -> None:
    desk = Desk()
    invitation = await desk.create(CreateAccount("bob", Role.VIEWER))
    desk.reload()

    async def crowded() -> None:
        raise AccessUnavailable("too many")

    kept, desk.passwords.meanwhile = desk.passwords.meanwhile, crowded
    with pytest.raises(AccessUnavailable):
        await desk.accept(AcceptInvitation("bob", invitation, NEW))
    desk.passwords.meanwhile = kept
    assert await desk.accept(AcceptInvitation("bob", invitation, NEW))


@pytest.mark.parametrize("seen", [True, False], ids=["noticed", "not noticed yet"])
async def test_account_that_is_disabled_meanwhile_stays_disabled(seen: bool) -> None:
    desk = Desk()
    invitation = await desk.create(CreateAccount("bob", Role.VIEWER))
    desk.reload()
    disable = DisableAccountHandler(desk.people, desk.clock).handle

    async def disabled() -> None:
        for name in ("ada", "bob"):
            await disable(DisableAccount(name))
        if seen:
            desk.reload()

    desk.passwords.meanwhile = disabled
    with pytest.raises(WrongPassword):
        await desk.change(ChangePassword("ada", PASSWORD, NEW))
    with pytest.raises(Unauthenticated):
        await desk.accept(AcceptInvitation("bob", invitation, NEW))
    assert [each.disabled_us is None for each in desk.people.saved.values()] == [False, False]
    assert desk.people.held == {}


async def test_old_password_opens_no_session_once_it_has_been_changed() -> None:
    desk = Desk()

    async def changed() -> None:
        desk.people.saved["ada"] = account(password=f"hash of {NEW}")
        desk.reload()

    desk.passwords.meanwhile = changed
    with pytest.raises(WrongPassword):
        await desk.sign_in(PASSWORD)
    assert desk.people.held == {}


async def test_names_are_valid_and_taken_once() -> None:
    desk = Desk()
    for name in ("", "a b", "a/b", "x" * 65, "\u00e4", "<b>"):
        with pytest.raises(ValidationFailed):
            CreateAccountValidator().validate(CreateAccount(name, Role.VIEWER))
    with pytest.raises(AccountExists):
        await desk.create(CreateAccount("ada", Role.VIEWER))


async def test_disabled_account_loses_its_sessions_and_cannot_sign_in() -> None:
    desk = Desk()
    done = await desk.sign_in()
    disable = DisableAccountHandler(desk.people, desk.clock).handle
    await disable(DisableAccount("ada"))
    desk.reload()
    assert desk.people.held == {}
    with pytest.raises(Unauthenticated):
        desk.directory.signed_in(done.access_token)
    with pytest.raises(WrongPassword):
        await desk.sign_in()
    with pytest.raises(AccountNotFound):
        await disable(DisableAccount("nobody"))


async def test_role_that_is_taken_away_disconnects() -> None:
    desk = Desk()
    principal = desk.directory.signed_in((await desk.sign_in()).access_token)
    desk.people.saved["ada"] = replace(account(), role=Role.FEEDER)
    desk.reload()
    assert not desk.directory.knows(principal)


async def test_guessing_is_slowed_by_account_and_the_right_password_does_not_help_meanwhile() -> None:
    desk = Desk()
    for at in range(5):
        with pytest.raises(WrongPassword):
            await desk.sign_in("wrong", address=f"10.0.0.{at}")
    checked = desk.passwords.checked
    with pytest.raises(TooManyAttempts) as slowed:
        await desk.sign_in(PASSWORD, address="10.0.1.1")
    assert (slowed.value.retry_after_seconds, desk.passwords.checked) == (1, checked)
    # Others are not.
    desk.people.saved["bob"] = account("bob")
    desk.reload()
    assert await desk.sign_in(name="bob")
    desk.clock.jump(1)
    assert await desk.sign_in(PASSWORD)
    for _ in range(4):
        with pytest.raises(WrongPassword):
            await desk.sign_in("wrong")
    assert await desk.sign_in(PASSWORD)


async def test_guessing_is_slowed_by_address_whatever_the_account() -> None:
    desk = Desk()
    for at in range(20):
        with pytest.raises(WrongPassword):
            await desk.sign_in("wrong", f"user{at}")
    with pytest.raises(TooManyAttempts):
        await desk.sign_in("wrong", "user99")
    with pytest.raises(WrongPassword):
        await desk.sign_in("wrong", "user99", "10.0.0.2")


async def test_own_account_does_not_let_an_address_guess_for_ever() -> None:
    desk = Desk()
    desk.people.saved["mallory"] = account("mallory")
    desk.reload()
    guessed = 0
    for number in range(100):
        if number % 10 == 9:
            assert await desk.sign_in(name="mallory", address="2001:db8::1")
            continue
        try:
            await desk.sign_in("wrong", f"user{number}", f"2001:db8::{number:x}")
        except WrongPassword:
            guessed += 1
        except TooManyAttempts:
            break
    assert guessed == 20
    # Slowly, they are forgiven.
    desk.clock.jump(20 * 900)
    for number in range(20):
        with pytest.raises(WrongPassword):
            await desk.sign_in("wrong", f"user{number}", "2001:db8::1")


def test_what_is_taken_back_ends_no_wait() -> None:
    clock = FakeClock()
    attempts = Attempts(clock, 2, 60)
    for _ in range(2):
        attempts.begin("x")
    attempts.take_back("x")
    attempts.take_back("y")
    with pytest.raises(TooManyAttempts):
        attempts.begin("x")
    clock.jump(1)
    attempts.begin("x")


def test_waits_double_up_to_the_longest_and_memory_is_bounded() -> None:
    clock = FakeClock()
    attempts = Attempts(clock, 1, 60)
    waits = []
    now = 0.0
    for _ in range(9):
        attempts.begin("x")
        with pytest.raises(TooManyAttempts) as slowed:
            attempts.begin("x")
        waits.append(slowed.value.retry_after_seconds)
        now += waits[-1]
        clock.jump(now)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    for number in range(20_000):
        attempts.begin(f"name {number}")
    assert len(attempts._failures) <= 10_000

"""List all accounts."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.access.ports.accounts import AccountRepository
from application.mediator import Message
from domain.access.account import Account


@dataclass(frozen=True, slots=True)
class ListAccounts(Message[Sequence[Account]]):
    """The oldest first."""


class ListAccountsHandler:
    def __init__(self, repository: AccountRepository) -> None:
        self._repository = repository

    async def handle(self, _: ListAccounts) -> Sequence[Account]:
        return await self._repository.accounts()

"""The use cases of access, wired for the service and the command line alike."""

from application.access.commands.create_key import CreateKey, CreateKeyHandler, CreateKeyValidator
from application.access.commands.revoke_key import RevokeKey, RevokeKeyHandler
from application.access.ports.key_repository import KeyRepository
from application.access.queries.list_keys import ListKeys, ListKeysHandler
from application.behaviours.validation import Validation
from application.mediator import Mediator
from application.ports.clock import Clock
from infrastructure.access.random_secrets import RandomSecrets


def access_mediator(keys: KeyRepository, clock: Clock) -> Mediator:
    """Handles the messages of access."""
    return Mediator(
        (CreateKey, RevokeKey, ListKeys),
        {
            CreateKey: CreateKeyHandler(keys, RandomSecrets(), clock),
            RevokeKey: RevokeKeyHandler(keys, clock),
            ListKeys: ListKeysHandler(keys),
        },
        (Validation({CreateKey: CreateKeyValidator(clock)}, {}),),
    )

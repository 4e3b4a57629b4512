"""Which partition a key belongs to, and the limit on keys."""

import zlib
from collections.abc import Sequence

from application.errors import FieldError
from domain.columns import Columns
from infrastructure.processing.partition import Partition


def partition_of(key: str, partitions: int) -> int:
    """Return the partition of a key, the same in every process and on every machine."""
    return zlib.crc32(key.encode()) % partitions


class Placement:
    """Assigns keys to partitions permanently.

    key_name: what a key is called on the wire. keys_max: new keys beyond that are refused; known ones are not affected.
    of_sender_max: the same for the keys that one sender has brought since the start; 0 for no limit.
    """

    def __init__(self, partitions: Sequence[Partition], key_name: str, keys_max: int, of_sender_max: int = 0) -> None:
        self._partitions = partitions
        self._key_name = key_name
        self._keys_max = keys_max
        self._of_sender_max = of_sender_max
        self._assigned: dict[str, int] = {}
        # Who has brought a key, and how many each has brought; only where that is limited.
        self._brought_by: dict[str, str] = {}
        self._brought: dict[str, int] = {}

    def recover(self) -> None:
        """Assign the keys already in the books."""
        self._assigned = {key: each.index for each in self._partitions for key in each.book.keys()}

    def forget(self, key: str) -> None:
        """Make room for another key. Later observations of this one get the same partition."""
        self._assigned.pop(key, None)
        sender = self._brought_by.pop(key, "")
        if sender:
            self._brought[sender] -= 1

    def knows(self, key: str) -> bool:
        return key in self._assigned

    def partition_of(self, key: str) -> Partition | None:
        """Return the partition of an assigned key, else None."""
        index = self._assigned.get(key)
        return None if index is None else self._partitions[index]

    def has_room(self, key: str) -> bool:
        """Whether an observation of a key, valid or not, can be enqueued at once; if it is new, of any key."""
        index = self._assigned.get(key)
        if index is None:
            return all(each.channel.has_room(1) for each in self._partitions)
        return self._partitions[index].channel.has_room(1)

    def spread(
        self, columns: Columns, added: list[str], sender: str = ""
    ) -> tuple[dict[int, Columns], list[FieldError]]:
        """Return the observations by partition, in order, and an error for each that is over the limit of keys.

        New keys are appended to `added`. sender: who brings them; empty for somebody who is not limited.
        """
        assigned = self._assigned
        lines = columns.spread(assigned)
        if sum(map(len, lines.values())) == len(columns):
            return lines, []
        # New keys are assigned in order of arrival, so that the first get the remaining room.
        keys = columns.keys
        for key in dict.fromkeys(keys):
            if key not in assigned and len(assigned) < self._keys_max and self._may_bring(sender):
                assigned[key] = partition_of(key, len(self._partitions))
                added.append(key)
                if sender and self._of_sender_max:
                    self._brought_by[key] = sender
                    self._brought[sender] = self._brought.get(sender, 0) + 1
        refused = [self._over_limit(position) for position, key in enumerate(keys) if key not in assigned]
        return columns.spread(assigned), refused

    def without_room(self, columns: Columns, taken_of: dict[int, int]) -> list[FieldError]:
        """Return an error for every observation after the first `taken_of[partition]` of its partition."""
        errors = []
        seen = dict.fromkeys(taken_of, 0)
        for position, key in enumerate(columns.keys):
            # Also of a key that was forgotten while these waited.
            index = self._assigned.get(key, partition_of(key, len(self._partitions)))
            if index in seen:
                seen[index] += 1
                if seen[index] > taken_of[index]:
                    errors.append(FieldError("", "queue_full", "the queue has no room for it", position))
        return errors

    def give_back(self, columns: Columns, without_room: Sequence[FieldError], added: Sequence[str]) -> None:
        """Unassign keys that were new with these observations and of which none was accepted."""
        left = {error.index for error in without_room}
        taken = {key for position, key in enumerate(columns.keys) if position not in left}
        for key in added:
            # A key with a state is not new, whichever request created it.
            if key not in taken and key not in self._partitions[partition_of(key, len(self._partitions))].book:
                self.forget(key)

    def _may_bring(self, sender: str) -> bool:
        return not sender or not self._of_sender_max or self._brought.get(sender, 0) < self._of_sender_max

    def _over_limit(self, position: int) -> FieldError:
        name = self._key_name
        if len(self._assigned) < self._keys_max:
            message = f"is new, and the limit of {self._of_sender_max} new {name}s of this sender is reached"
        else:
            message = f"is new, and the limit of {self._keys_max} {name}s is reached"
        return FieldError(name, f"{name}_limit", message, position)

"""The cluster as one of its members sees it."""

from typing import TYPE_CHECKING

from api.timestamps import to_rfc3339
from api.views.view import View

if TYPE_CHECKING:
    from infrastructure.cluster.member import Member
    from infrastructure.cluster.records import Position


class ClusterPartitionView(View, frozen=True):
    """A partition of a subject. lagSeconds: by how much what is published of it is behind."""

    subject: str
    partition: int
    owner: str
    owned_since: str
    lag_records: int
    lag_seconds: float

    @classmethod
    def of(cls, subject: str, index: int, position: "Position", now_us: int) -> "ClusterPartitionView":
        return cls(
            subject,
            index,
            position.owner,
            to_rfc3339(position.owned_since_us),
            max(position.end_offset - position.offset, 0),
            round(max(now_us - position.as_of_us, 0) / 1_000_000, 3),
        )


class ClusterView(View, frozen=True):
    """partitions: all that this member knows of; on a worker, its own. lastRebalance: of a worker.

    ageSeconds: of the read model of a gateway. unconfirmed: ticks that the brokers have not confirmed to it.
    """

    member: str
    role: str
    age_seconds: float | None
    unconfirmed: int
    last_rebalance: str | None
    partitions: list[ClusterPartitionView]

    @classmethod
    def of(cls, member: "Member", now_us: int) -> "ClusterView":
        worker = member.worker
        return cls(
            member.name,
            member.settings.cluster.role,
            round(member.age_seconds(), 3) if member.is_gateway else None,
            member.log.unconfirmed,
            to_rfc3339(worker.rebalanced_us) if worker is not None and worker.rebalanced_us else None,
            [
                ClusterPartitionView.of(subject, index, position, now_us)
                for subject in member.models
                for index, position in enumerate(member.positions(subject))
                if position is not None
            ],
        )

"""What was answered to batches with an Idempotency-Key."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "first_answer",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("written_us", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("crc", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_first_answer_written", "first_answer", ["written_us"])

"""Deliveries of alerts."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    # Sorted by code point, whatever the locale of the database.
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "delivery",
        sa.Column("id", text, primary_key=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_us", sa.BigInteger, nullable=False),
        sa.Column("dead_us", sa.BigInteger),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_delivery_due", "delivery", ["channel", "next_us"])
    op.create_index("ix_delivery_dead", "delivery", ["dead_us", "id"])

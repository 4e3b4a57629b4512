"""Moves, and keys that are forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    # Sorted by code point, whatever the locale of the database.
    symbol = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "move",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("started_us", sa.BigInteger, nullable=False),
        sa.Column("symbol", symbol, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("crc", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_move_order", "move", ["started_us", "symbol", "sequence", "direction"])
    op.create_index("ix_move_symbol", "move", ["symbol", "started_us", "sequence", "direction"])
    op.create_table(
        "forgotten",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("crc", sa.BigInteger, nullable=False),
    )
    # For correcting the places of anomalies in blocks that are rewritten.
    op.create_index("ix_anomaly_seq", "anomaly", ["seq"])

"""Summaries of option chains, and the positions in them."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0010"


def upgrade() -> None:
    # Sorted by code point, whatever the locale of the database.
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "option_summary",
        sa.Column("product", text, primary_key=True),
        sa.Column("expiry", text, primary_key=True),
        sa.Column("interval_s", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("start_us", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("crc", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_option_summary_start", "option_summary", ["interval_s", "start_us"])
    op.create_table(
        "option_position",
        sa.Column("product", text, primary_key=True),
        sa.Column("expiry", text, primary_key=True),
        sa.Column("end_us", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("crc", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_option_position_end", "option_position", ["end_us"])

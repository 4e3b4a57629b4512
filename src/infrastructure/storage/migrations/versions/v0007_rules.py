"""Rules and alerts."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    # Sorted by code point, whatever the locale of the database.
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "rule",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("since_seq", sa.BigInteger, nullable=False),
        sa.Column("in_file", sa.Boolean, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("crc", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "alert",
        sa.Column("id", text, primary_key=True),
        sa.Column("raised_us", sa.BigInteger, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("key", text, nullable=False),
        sa.Column("rule_id", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("crc", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_alert_order", "alert", ["raised_us", "id"])
    op.create_index("ix_alert_key", "alert", ["key", "raised_us", "id"])
    op.create_index("ix_alert_state", "alert", ["state", "raised_us", "id"])
    op.create_index("ix_alert_rule", "alert", ["rule_id", "key", "raised_us"])

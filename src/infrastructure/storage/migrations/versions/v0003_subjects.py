"""The log and the states of more subjects than prices."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("tick_block", sa.Column("subject", sa.Text, nullable=False, server_default="prices"))
    op.create_table(
        "key_state",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("crc", sa.BigInteger, nullable=False),
    )
    op.execute("INSERT INTO key_state SELECT 'prices', symbol, seq, payload, crc FROM symbol_state")
    op.drop_table("symbol_state")

"""The tick log, states, candles and anomalies."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "position",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("writer", sa.Text, nullable=False),
        sa.Column("batch", sa.BigInteger, nullable=False),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        sa.Column("recover_from", sa.BigInteger, nullable=False),
        sa.Column("candles_seq", sa.BigInteger, nullable=False),
        sa.Column("crc", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "tick_block",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("ticks", sa.Integer, nullable=False),
        sa.Column("min_us", sa.BigInteger, nullable=False),
        sa.Column("max_us", sa.BigInteger, nullable=False),
        sa.Column("written_us", sa.BigInteger, nullable=False),
        sa.Column("has_ids", sa.Boolean, nullable=False),
        sa.Column("symbols", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("crc", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_tick_block_time", "tick_block", ["max_us", "min_us"])
    op.create_index("ix_tick_block_written", "tick_block", ["written_us"])
    op.create_table(
        "symbol_state",
        sa.Column("symbol", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("crc", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "candle_chunk",
        sa.Column("width", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("symbol", sa.Text, primary_key=True),
        sa.Column("start_us", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("crc", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "anomaly",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("detected_us", sa.BigInteger, nullable=False),
        sa.Column("symbol", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("crc", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_anomaly_order", "anomaly", ["detected_us", "symbol", "sequence", "direction"])
    op.create_index("ix_anomaly_symbol", "anomaly", ["symbol", "detected_us", "sequence", "direction"])

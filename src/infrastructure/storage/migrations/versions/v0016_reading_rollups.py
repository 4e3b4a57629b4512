"""Roll-ups of readings, messages that are none, and rows for people who ask PostgreSQL."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "reading_rollup_chunk",
        sa.Column("width", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("symbol", sa.Text, primary_key=True),
        sa.Column("start_us", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("crc", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "dead_reading",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("received_us", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("crc", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "reading_row",
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("time_us", sa.BigInteger, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("quality", sa.SmallInteger, nullable=False),
        sa.Column("unit", sa.Text),
    )
    op.create_index("ix_reading_row_key", "reading_row", ["key", "time_us"])
    op.create_index("ix_reading_row_seq", "reading_row", ["seq"])
    op.create_table(
        "reading_hour",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("start_us", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("avg", sa.Double, nullable=False),
        sa.Column("min", sa.Double, nullable=False),
        sa.Column("max", sa.Double, nullable=False),
        sa.Column("std", sa.Double, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        _views()


def _views() -> None:
    names = "split_part(key, '/', 1) AS machine_id, lower(split_part(key, '/', 2)) AS sensor_type"
    moment = "timestamptz 'epoch' + {} * interval '1 microsecond'"
    op.execute(
        f"CREATE VIEW readings AS SELECT {names}, {moment.format('time_us')} AS time, value, unit, "  # noqa: S608  # of our own
        "(ARRAY['good', 'uncertain', 'bad'])[quality + 1] AS quality FROM reading_row"
    )
    op.execute(
        f"CREATE VIEW readings_hourly AS SELECT {names}, {moment.format('start_us')} AS hour, "  # noqa: S608  # of our own
        "avg, min, max, std, count FROM reading_hour"
    )
    installed = sa.text("SELECT count(*) FROM pg_extension WHERE extname = 'timescaledb'")
    if op.get_bind().scalar(installed):
        op.execute(
            "SELECT create_hypertable('reading_row', 'time_us', chunk_time_interval => 86400000000, "
            "create_default_indexes => false)"
        )

"""The tables, the same for SQLite and PostgreSQL.

A row of data has keys, a payload, and `crc`, which seals both: a row changed by anything but this service is detected
when it is read (`infrastructure.storage.payloads`). Change the tables only by migration, see `migrations`.
"""

import sqlalchemy as sa

METADATA = sa.MetaData()

# Sorted by code point, whatever the locale of the database.
TEXT_AS_PYTHON_SORTS_IT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# The position of the store. One row.
POSITION = sa.Table(
    "position",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("writer", sa.Text, nullable=False),
    sa.Column("batch", sa.BigInteger, nullable=False),
    sa.Column("last_seq", sa.BigInteger, nullable=False),
    sa.Column("recover_from", sa.BigInteger, nullable=False),
    sa.Column("candles_seq", sa.BigInteger, nullable=False),
    sa.Column("crc", sa.BigInteger, nullable=False),
)

# The log: observations of one subject in order of arrival, some thousands per row. `symbols` holds their keys, with a
# line feed before and after each.
TICK_BLOCK = sa.Table(
    "tick_block",
    METADATA,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("ticks", sa.Integer, nullable=False),
    sa.Column("min_us", sa.BigInteger, nullable=False),
    sa.Column("max_us", sa.BigInteger, nullable=False),
    sa.Column("written_us", sa.BigInteger, nullable=False),
    sa.Column("has_ids", sa.Boolean, nullable=False),
    sa.Column("symbols", sa.Text, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("crc", sa.BigInteger, nullable=False),
    sa.Column("subject", sa.Text, nullable=False, server_default="prices"),
    sa.Index("ix_tick_block_time", "max_us", "min_us"),
    sa.Index("ix_tick_block_written", "written_us"),
)

# The state of each key as of block `seq`.
KEY_STATE = sa.Table(
    "key_state",
    METADATA,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("crc", sa.BigInteger, nullable=False),
)

# Candles, CHUNK per row, with all ticks of the log up to block `seq`. `width`: of a candle, in seconds.
CANDLE_CHUNK = sa.Table(
    "candle_chunk",
    METADATA,
    sa.Column("width", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("symbol", sa.Text, primary_key=True),
    sa.Column("start_us", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("crc", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# The same, of trades.
TRADE_CANDLE_CHUNK = sa.Table(
    "trade_candle_chunk",
    METADATA,
    sa.Column("width", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("symbol", sa.Text, primary_key=True),
    sa.Column("start_us", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("crc", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# The same, of roll-ups of readings. `symbol`: the key of the sensor.
READING_ROLLUP_CHUNK = sa.Table(
    "reading_rollup_chunk",
    METADATA,
    sa.Column("width", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("symbol", sa.Text, primary_key=True),
    sa.Column("start_us", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("crc", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Readings as plain rows, in PostgreSQL only, which has views of them. `seq`: the block that they were written with.
READING_ROW = sa.Table(
    "reading_row",
    METADATA,
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("time_us", sa.BigInteger, nullable=False),
    sa.Column("value", sa.Double, nullable=False),
    sa.Column("quality", sa.SmallInteger, nullable=False),
    sa.Column("unit", sa.Text),
    sa.Index("ix_reading_row_key", "key", "time_us"),
    sa.Index("ix_reading_row_seq", "seq"),
)
READING_HOUR = sa.Table(
    "reading_hour",
    METADATA,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("start_us", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("avg", sa.Double, nullable=False),
    sa.Column("min", sa.Double, nullable=False),
    sa.Column("max", sa.Double, nullable=False),
    sa.Column("std", sa.Double, nullable=False),
    sa.Column("count", sa.BigInteger, nullable=False),
)

# Messages over MQTT that could not be taken.
DEAD_READING = sa.Table(
    "dead_reading",
    METADATA,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("received_us", sa.BigInteger, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("crc", sa.BigInteger, nullable=False),
)

# `seq` and `place`: the position of the tick in the log, its block and the index in it.
ANOMALY = sa.Table(
    "anomaly",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("detected_us", sa.BigInteger, nullable=False),
    sa.Column("symbol", TEXT_AS_PYTHON_SORTS_IT, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("crc", sa.BigInteger, nullable=False),
    sa.Index("ix_anomaly_order", "detected_us", "symbol", "sequence", "direction"),
    sa.Index("ix_anomaly_symbol", "symbol", "detected_us", "sequence", "direction"),
    sa.Index("ix_anomaly_seq", "seq"),
)

# Moves, as of their last change.
MOVE = sa.Table(
    "move",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("started_us", sa.BigInteger, nullable=False),
    sa.Column("symbol", TEXT_AS_PYTHON_SORTS_IT, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("crc", sa.BigInteger, nullable=False),
    sa.Index("ix_move_order", "started_us", "symbol", "sequence", "direction"),
    sa.Index("ix_move_symbol", "symbol", "started_us", "sequence", "direction"),
)

# What option chains were at the end of each interval. `interval_s`: its length in seconds.
OPTION_SUMMARY = sa.Table(
    "option_summary",
    METADATA,
    sa.Column("product", TEXT_AS_PYTHON_SORTS_IT, primary_key=True),
    sa.Column("expiry", TEXT_AS_PYTHON_SORTS_IT, primary_key=True),
    sa.Column("interval_s", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("start_us", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("crc", sa.BigInteger, nullable=False),
    sa.Index("ix_option_summary_start", "interval_s", "start_us"),
    sqlite_with_rowid=False,
)

# Prices and open interest of the contracts of a chain at the end of a minute.
OPTION_POSITION = sa.Table(
    "option_position",
    METADATA,
    sa.Column("product", TEXT_AS_PYTHON_SORTS_IT, primary_key=True),
    sa.Column("expiry", TEXT_AS_PYTHON_SORTS_IT, primary_key=True),
    sa.Column("end_us", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("crc", sa.BigInteger, nullable=False),
    sa.Index("ix_option_position_end", "end_us"),
)

# Keys that are forgotten, and whose observations up to block `seq` are still to be erased from the log.
FORGOTTEN = sa.Table(
    "forgotten",
    METADATA,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("crc", sa.BigInteger, nullable=False),
)

# The responses to batches with an Idempotency-Key.
STORED_ANSWER = sa.Table(
    "first_answer",
    METADATA,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("written_us", sa.BigInteger, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("crc", sa.BigInteger, nullable=False),
    sa.Index("ix_first_answer_written", "written_us"),
)

# API keys; no row is ever deleted. `digest`: of the secret. Not sealed: who can change these rows can seal them too.
API_KEY = sa.Table(
    "api_key",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("prefixes", sa.Text, nullable=False),
    sa.Column("created_us", sa.BigInteger, nullable=False),
    sa.Column("expires_us", sa.BigInteger),
    sa.Column("revoked_us", sa.BigInteger),
    sa.Column("last_used_us", sa.BigInteger),
)

# Accounts of people. `password`: its hash. `invitation`: digest of the secret that it can be accepted with.
ACCOUNT = sa.Table(
    "account",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("password", sa.Text),
    sa.Column("created_us", sa.BigInteger, nullable=False),
    sa.Column("invitation", sa.LargeBinary),
    sa.Column("invited_until_us", sa.BigInteger),
    sa.Column("disabled_us", sa.BigInteger),
)

# Their sessions. `digest`, `previous`: of the secrets of the newest refresh token, and of the one before.
SESSION = sa.Table(
    "session",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("created_us", sa.BigInteger, nullable=False),
    sa.Column("renewed_us", sa.BigInteger, nullable=False),
    sa.Column("expires_us", sa.BigInteger, nullable=False),
    sa.Column("previous", sa.LargeBinary, nullable=False),
)

# The secrets that sign access tokens: whoever can read this table can sign in as anybody.
SIGNING_KEY = sa.Table(
    "signing_key",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("algorithm", sa.Text, nullable=False),
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("created_us", sa.BigInteger, nullable=False),
)

# Grows with every change of who may do what. One row.
ACCESS_VERSION = sa.Table(
    "access_version",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, nullable=False),
)

# Rules. `since_seq`: the block of the log after which a rule began, as it is now. `in_file`: whether it is one of
# `rules.file`.
RULE = sa.Table(
    "rule",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("since_seq", sa.BigInteger, nullable=False),
    sa.Column("in_file", sa.Boolean, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("crc", sa.BigInteger, nullable=False),
)

# Alerts, as of their last change.
ALERT = sa.Table(
    "alert",
    METADATA,
    sa.Column("id", TEXT_AS_PYTHON_SORTS_IT, primary_key=True),
    sa.Column("raised_us", sa.BigInteger, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("key", TEXT_AS_PYTHON_SORTS_IT, nullable=False),
    sa.Column("rule_id", sa.Text, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("crc", sa.BigInteger, nullable=False),
    sa.Index("ix_alert_order", "raised_us", "id"),
    sa.Index("ix_alert_key", "key", "raised_us", "id"),
    sa.Index("ix_alert_state", "state", "raised_us", "id"),
    sa.Index("ix_alert_rule", "rule_id", "key", "raised_us"),
)

# Changes of alerts that have to be delivered to a channel, and those that could not be: with `dead_us`. `payload`: the
# alert as of the change.
DELIVERY = sa.Table(
    "delivery",
    METADATA,
    sa.Column("id", TEXT_AS_PYTHON_SORTS_IT, primary_key=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("created_us", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_us", sa.BigInteger, nullable=False),
    sa.Column("dead_us", sa.BigInteger),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Index("ix_delivery_due", "channel", "next_us"),
    sa.Index("ix_delivery_dead", "dead_us", "id"),
)

# How far the owners of a cluster's partitions have added to the history: up to the record before `upto`.
CLUSTER_POSITION = sa.Table(
    "cluster_position",
    METADATA,
    sa.Column("cluster", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("upto", sa.BigInteger, nullable=False),
    sa.Column("crc", sa.BigInteger, nullable=False),
)


def holds_key(connection: sa.Connection, key: str) -> sa.ColumnElement[bool]:
    """Whether a `TICK_BLOCK` has observations of a key."""
    find = sa.func.instr if connection.dialect.name == "sqlite" else sa.func.strpos
    return find(TICK_BLOCK.c.symbols, f"\n{key}\n") > 0

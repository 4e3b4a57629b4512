"""The settings, all in one file. `infrastructure.settings_loader` reads them; appsettings.toml documents every key."""

import os
import re
import socket
from collections.abc import Iterator, Mapping
from decimal import Decimal
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from domain.symbol import InvalidSymbol, normalise_symbol
from infrastructure.processing.channel import FullMode


def _normalised(symbol: str) -> str:
    try:
        return normalise_symbol(symbol)
    except InvalidSymbol as error:
        raise ValueError(f"every symbol {error}") from None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        # Another name may mean any address, now or later.
        return host.lower() == "localhost"


# A key of CURVE is 32 bytes.
_Z85_KEY_LENGTH = 40
# As of a sensor (`domain.readings.sensor_key`).
_SENSOR_TYPE = re.compile(r"[A-Za-z0-9._:^=+&#@$-]{1,62}")


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_boolean_for_another(cls, value: object, info: ValidationInfo) -> object:
        if isinstance(value, bool) and cls.model_fields[str(info.field_name)].annotation is not bool:
            raise ValueError("must not be true or false")
        return value


class ServerSettings(Section):
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()

    # Paths; empty for none.
    tls_certificate: str = ""
    tls_key: str = ""
    tls_key_password: SecretStr = SecretStr("")

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches the service."""
        return _is_loopback(self.host)

    @model_validator(mode="after")
    def _certificate_with_key(self) -> "ServerSettings":
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise ValueError("tls_certificate and tls_key belong together")
        return self

    @field_validator("allowed_hosts", "allowed_origins", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [each for each in value.split(",") if each] if isinstance(value, str) else value

    @field_validator("allowed_hosts")
    @classmethod
    def _without_port(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(r"\*|[0-9A-Za-z._-]+", host) for host in hosts):
            raise ValueError("every host must be a name without scheme and port, or *")
        return hosts

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for each in proxies:
            try:
                ip_network(each)
            except ValueError:
                raise ValueError("every proxy must be an address, or a network such as 10.0.0.0/8") from None
        return proxies


class AuthSettings(Section):
    enabled: bool = False
    allow_anonymous_network: bool = False
    secure_cookies: bool = False


class ProcessingSettings(Section):
    partitions: int = Field(0, ge=0, le=1024)
    channel_capacity: int = Field(100_000, ge=1)
    full_mode: FullMode = FullMode.DROP_OLDEST
    moving_average_window: int = Field(64, ge=1, le=1_000_000)
    anomaly_threshold_percent: Decimal = Field(Decimal("2.0"), gt=0, le=10_000, max_digits=20)
    sliding_window_milliseconds: int = Field(1000, ge=0, le=86_400_000)
    recent_anomalies_capacity: int = Field(10_000, ge=1)
    max_symbols: int = Field(100_000, ge=1)
    max_clock_skew_seconds: float = Field(60.0, ge=0, le=31_536_000)
    max_batch_size: int = Field(10_000, ge=1)
    max_hold_seconds: float = Field(5.0, ge=0, le=3600)
    shutdown_deadline_seconds: float = Field(10.0, gt=0, le=3600)

    @field_validator("anomaly_threshold_percent", mode="before")
    @classmethod
    def _as_written(cls, value: object) -> object:
        return repr(value) if isinstance(value, float) else value

    @property
    def sliding_window_us(self) -> int:
        return self.sliding_window_milliseconds * 1000

    @property
    def partition_count(self) -> int:
        """The number of partitions; one per core if the setting is 0."""
        return self.partitions or len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else [0])

    @property
    def drain_deadline_seconds(self) -> float:
        """The workers' share of the shutdown deadline; requests in flight get a quarter before that."""
        return self.shutdown_deadline_seconds * 5 / 8

    @property
    def flush_deadline_seconds(self) -> float:
        """The share of the shutdown deadline for flushing the last spans."""
        return self.shutdown_deadline_seconds / 8

    @property
    def max_clock_skew_us(self) -> int:
        return int(self.max_clock_skew_seconds * 1_000_000)


class SimulationSettings(Section):
    enabled: bool = False
    symbols: tuple[str, ...] = Field(("AAPL", "GOOG", "MSFT", "EURUSD", "BTCUSD"), min_length=1)
    ticks_per_second: int = Field(2000, ge=1, le=1_000_000)
    trades_per_second: int = Field(100, ge=0, le=1_000_000)
    readings_per_second: int = Field(8, ge=0, le=1_000_000)
    initial_price: float = Field(100.0, ge=1e-6, le=1e9)
    max_jitter: float = Field(0.01, gt=0, lt=1)
    option_symbols: tuple[str, ...] = ("AAPL", "GOOG")
    option_chains_per_second: float = Field(2.0, gt=0, le=1000)
    seed: int | None = None

    @field_validator("symbols", "option_symbols", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [each for each in value.split(",") if each] if isinstance(value, str) else value

    @field_validator("symbols", "option_symbols")
    @classmethod
    def _normalised(cls, symbols: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(_normalised, symbols))


class TradesSettings(Section):
    default_symbol: str = "DEFAULT"
    window: int = Field(100, ge=1, le=100_000)
    feed_prices: bool = False
    compatible_metrics: bool = True

    @field_validator("default_symbol")
    @classmethod
    def _normalised(cls, symbol: str) -> str:
        return _normalised(symbol)


class BenchmarksSettings(Section):
    max_tests: int = Field(100, ge=1, le=10_000)
    runs_kept: int = Field(100, ge=1, le=10_000)
    tolerance_percent: float = Field(10.0, gt=0, le=10_000)


class SensorTypeSettings(Section):
    """What is known of all sensors of a type. Values outside `min` and `max` are refused."""

    unit: str = Field("", max_length=32)
    min: Decimal | None = Field(None, max_digits=60)
    max: Decimal | None = Field(None, max_digits=60)
    low: Decimal | None = Field(None, max_digits=60)
    high: Decimal | None = Field(None, max_digits=60)
    resolution: Decimal | None = Field(None, gt=0, max_digits=60)

    @field_validator("min", "max", "low", "high", "resolution", mode="before")
    @classmethod
    def _as_written(cls, value: object) -> object:
        return repr(value) if isinstance(value, float) else value

    @model_validator(mode="after")
    def _in_order(self) -> "SensorTypeSettings":
        given = [(self.min, self.low), (self.low, self.high), (self.high, self.max), (self.min, self.max)]
        if any(one > other for one, other in given if one is not None and other is not None) or (
            self.low is not None and self.low == self.high
        ):
            raise ValueError("must be min <= low < high <= max")
        return self


class ReadingsSettings(Section):
    window: int = Field(100, ge=2, le=100_000)
    default_rules: bool = True
    # By name of the type.
    sensor_types: dict[str, SensorTypeSettings] = {}

    @field_validator("sensor_types")
    @classmethod
    def _named(cls, types: dict[str, SensorTypeSettings]) -> dict[str, SensorTypeSettings]:
        if not all(_SENSOR_TYPE.fullmatch(name) for name in types):
            raise ValueError("every name must be 1 to 62 characters out of A-Z a-z 0-9 . _ : - ^ = + & # @ $")
        return {name.lower(): each for name, each in types.items()}


class ZeroMqSettings(Section):
    # An address such as tcp://127.0.0.1:5555; empty for none.
    bind: str = ""
    high_water_mark: int = Field(1000, ge=1, le=1_000_000)
    max_message_bytes: int = Field(65_536, ge=128, le=16_777_216)
    # Of CURVE, in Z85: the secret key of the service, and the public keys of the publishers that may connect.
    curve_secret_key: SecretStr = SecretStr("")
    curve_clients: tuple[str, ...] = ()

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        transport, _, rest = self.bind.partition("://")
        if transport != "tcp":
            return True
        return _is_loopback(rest.rpartition(":")[0].strip("[]"))

    @property
    def is_protected(self) -> bool:
        """Whether only publishers with a known key may connect."""
        return bool(self.curve_secret_key.get_secret_value() and self.curve_clients)

    @field_validator("bind")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"tcp://(\[[0-9A-Fa-f:.]+\]|[^:/\s]+):[0-9]{1,5}|ipc://\S+", value):
            raise ValueError("must be empty, tcp://address:port or ipc://path")
        return value

    @field_validator("curve_clients", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return value.split() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _are_keys(self) -> "ZeroMqSettings":
        secret = self.curve_secret_key.get_secret_value()
        if any(len(key) != _Z85_KEY_LENGTH for key in (*self.curve_clients, *filter(None, [secret]))):
            raise ValueError(f"every CURVE key has {_Z85_KEY_LENGTH} characters")
        if self.curve_clients and not secret:
            raise ValueError("curve_clients needs curve_secret_key")
        return self


class MqttSettings(Section):
    # An address such as mqtt://127.0.0.1:1883 or mqtts://broker.example; empty for none.
    url: str = ""
    topic: str = Field("machines/+/+", max_length=1000)
    client_id: str = Field("marketdata", min_length=1, max_length=200)
    username: str = ""
    password: SecretStr = SecretStr("")
    keep_alive_seconds: int = Field(30, ge=1, le=65_535)
    max_dead_letters: int = Field(1000, ge=1, le=1_000_000)

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if value:
            address = urlsplit(value)
            rest = address.path.strip("/") or address.query or address.fragment or "@" in address.netloc
            if address.scheme not in ("mqtt", "mqtts") or not address.hostname or rest:
                # The value may contain a password, so it is not shown.
                raise ValueError("must be empty, or mqtt:// or mqtts:// with a host and no more than a port")
            try:
                _ = address.port
            except ValueError:
                raise ValueError("must end in a port between 1 and 65535, or in none") from None
        return value

    @field_validator("topic")
    @classmethod
    def _names_a_sensor(cls, value: str) -> str:
        levels = value.split("/")
        # The machine and the type of the sensor.
        names = [level for level in levels if level == "+"]
        if len(names) != 2 or "#" in value or "" in levels or value.count("+") != len(names):  # two names
            raise ValueError("must have exactly two + as levels, the machine and the type of the sensor, and no #")
        return value


class FeedsSettings(Section):
    """Ways in that are not HTTP."""

    zeromq: ZeroMqSettings = ZeroMqSettings()
    mqtt: MqttSettings = MqttSettings()


class OptionsSettings(Section):
    """Rates and yields are continuous, a year, as fractions; those by product come before the general ones."""

    pricing: Literal["bsm", "black76"] = "bsm"
    rate: float = Field(0.0, ge=-1, le=10)
    dividend_yield: float = Field(0.0, ge=-1, le=10)
    rates: dict[str, float] = {}
    dividend_yields: dict[str, float] = {}
    expiry_time: str = "15:30"
    expiry_zone: str = "Asia/Kolkata"
    spot_max_age_seconds: float = Field(60.0, ge=0, le=31_536_000)
    last_max_age_seconds: float = Field(60.0, ge=0, le=31_536_000)
    max_contracts: int = Field(20_000, ge=1, le=1_000_000)
    recent_summaries: int = Field(100_000, ge=1, le=10_000_000)

    @field_validator("rates", "dividend_yields")
    @classmethod
    def _by_product(cls, given: dict[str, float]) -> dict[str, float]:
        try:
            found = {normalise_symbol(product): value for product, value in given.items()}
        except InvalidSymbol as error:
            raise ValueError(f"every product {error}") from None
        if not all(-1 <= value <= 10 for value in found.values()):
            raise ValueError("every value must be between -1 and 10")
        return found

    @field_validator("expiry_time")
    @classmethod
    def _is_a_time(cls, given: str) -> str:
        if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?", given):
            raise ValueError("must be a time of day such as 15:30")
        return given

    @field_validator("expiry_zone")
    @classmethod
    def _is_a_zone(cls, given: str) -> str:
        try:
            ZoneInfo(given)
        except (ValueError, OSError, KeyError):
            raise ValueError("must be a time zone such as Asia/Kolkata") from None
        return given


class StorageSettings(Section):
    enabled: bool = True
    # Not in messages: an address may contain a password.
    url: str = Field("", repr=False)
    data_dir: Path = Path("data")
    durability: Literal["async", "sync"] = "async"
    flush_interval_ms: float = Field(50.0, ge=1, le=10_000)
    checkpoint_interval_seconds: float = Field(10.0, ge=0.1, le=3600)
    spool_max_ticks: int = Field(1_000_000, ge=10_000, le=100_000_000)
    ids_max: int = Field(200_000, ge=1, le=10_000_000)
    ids_window_seconds: float = Field(600.0, gt=0, le=86_400)
    answers_max: int = Field(10_000, ge=1, le=1_000_000)

    @property
    def flush_seconds(self) -> float:
        return self.flush_interval_ms / 1000

    @field_validator("url")
    @classmethod
    def _of_postgresql(cls, value: str) -> str:
        if value and not value.startswith(("postgresql://", "postgres://")):
            # The value may contain a password, so it is not shown.
            raise ValueError("must be empty or begin with postgresql://")
        try:
            _ = urlsplit(value).port
        except ValueError:
            message = "must be an address: in a password, / ? # [ ] @ and : are written as %2F %3F %23 %5B %5D %40 %3A"
            raise ValueError(message) from None
        return value

    @model_validator(mode="after")
    def _can_be_sync(self) -> "StorageSettings":
        if self.durability == "sync" and not self.enabled:
            raise ValueError("durability cannot be sync while enabled is false")
        return self


# Set by the service itself, because its promises depend on them.
_OWN_KAFKA_SETTINGS = frozenset(
    (
        "acks",
        "auto.offset.reset",
        "bootstrap.servers",
        "client.id",
        "enable.auto.commit",
        "enable.auto.offset.store",
        "enable.idempotence",
        "enable.partition.eof",
        "group.id",
        "group.instance.id",
        "isolation.level",
        "message.timeout.ms",
        "partition.assignment.strategy",
        "session.timeout.ms",
        "transactional.id",
    )
)


class ClusterSettings(Section):
    """Several processes that share the work over Apache Kafka, where `brokers` are named."""

    brokers: str = ""
    role: Literal["all", "gateway", "worker"] = "all"
    name: str = Field("marketdata", pattern=r"^[a-z0-9_-]{1,64}$")
    member: str = Field("", pattern=r"^[A-Za-z0-9._-]{0,64}$")
    flush_interval_ms: float = Field(100.0, ge=10, le=10_000)
    session_timeout_ms: int = Field(6000, ge=1000, le=1_800_000)
    spool_max_ticks: int = Field(1_000_000, ge=1, le=100_000_000)
    # Those whose names say so hold secrets.
    kafka: dict[str, SecretStr] = Field({}, repr=False)

    @property
    def enabled(self) -> bool:
        return bool(self.brokers)

    @property
    def is_gateway(self) -> bool:
        return self.role != "worker"

    @property
    def is_worker(self) -> bool:
        return self.role != "gateway"

    @property
    def flush_seconds(self) -> float:
        return self.flush_interval_ms / 1000

    @field_validator("kafka", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        """TOML reads `security.protocol = ...` as a table, and numbers as numbers."""
        return dict(_flat("", value)) if isinstance(value, Mapping) else value

    @field_validator("kafka")
    @classmethod
    def _not_our_own(cls, kafka: dict[str, SecretStr]) -> dict[str, SecretStr]:
        if own := sorted(_OWN_KAFKA_SETTINGS & kafka.keys()):
            raise ValueError(f"{', '.join(own)} cannot be set")
        return kafka


def _flat(prefix: str, values: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{name}.", value)
        elif isinstance(value, SecretStr):
            yield f"{prefix}{name}", value
        else:
            yield f"{prefix}{name}", str(value).lower() if isinstance(value, bool) else str(value)


class RetentionSettings(Section):
    """0 days means no age limit."""

    ticks_days: float = Field(7.0, ge=0, le=36_500)
    ticks_max_mb: int = Field(1024, ge=1)
    candles_1s_days: float = Field(1.0, ge=0, le=36_500)
    candles_1m_days: float = Field(30.0, ge=0, le=36_500)
    candles_5m_days: float = Field(90.0, ge=0, le=36_500)
    candles_15m_days: float = Field(180.0, ge=0, le=36_500)
    candles_1h_days: float = Field(730.0, ge=0, le=36_500)
    candles_1d_days: float = Field(0.0, ge=0, le=36_500)
    candles_max_chunks: int = Field(100_000, ge=1)
    rollups_1m_days: float = Field(90.0, ge=0, le=36_500)
    rollups_1h_days: float = Field(730.0, ge=0, le=36_500)
    rollups_1d_days: float = Field(0.0, ge=0, le=36_500)
    anomalies_days: float = Field(90.0, ge=0, le=36_500)
    anomalies_max: int = Field(1_000_000, ge=1)
    alerts_days: float = Field(90.0, ge=0, le=36_500)
    alerts_max: int = Field(1_000_000, ge=1)
    option_summaries_max: int = Field(1_000_000, ge=1)
    option_positions_days: float = Field(2.0, ge=0, le=36_500)
    option_positions_max: int = Field(100_000, ge=1)


class ChannelSettings(Section):
    """Where alerts can go. The address is shown to nobody: it may be all that a receiver asks for."""

    kind: Literal["webhook", "log"] = "webhook"
    url: SecretStr = SecretStr("")
    secret: SecretStr = SecretStr("")

    @model_validator(mode="after")
    def _complete(self) -> "ChannelSettings":
        url, secret = self.url.get_secret_value(), self.secret.get_secret_value()
        if self.kind == "log" and (url or secret):
            raise ValueError("a channel of the kind log has neither url nor secret")
        if self.kind == "webhook":
            address = urlsplit(url)
            if address.scheme not in ("http", "https") or not address.hostname or "@" in address.netloc:
                raise ValueError("url must begin with https:// or http://, and hold no password")
            if len(secret) < 16:
                raise ValueError("secret must have at least 16 characters")
        return self


class NotificationSettings(Section):
    # Not in messages: it has addresses and secrets.
    channels: dict[str, ChannelSettings] = Field({}, repr=False)
    allow_private_targets: bool = False
    timeout_seconds: float = Field(10.0, ge=0.1, le=300)
    first_retry_seconds: float = Field(5.0, ge=0.1, le=3600)
    max_retry_seconds: float = Field(600.0, ge=0.1, le=86_400)
    max_attempts: int = Field(8, ge=1, le=100)
    breaker_failures: int = Field(5, ge=1, le=1000)
    breaker_seconds: float = Field(60.0, ge=0.1, le=86_400)
    max_waiting: int = Field(10_000, ge=1, le=1_000_000)
    max_dead_letters: int = Field(10_000, ge=1, le=1_000_000)

    @field_validator("channels")
    @classmethod
    def _named(cls, channels: dict[str, ChannelSettings]) -> dict[str, ChannelSettings]:
        if not all(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", name) for name in channels):
            raise ValueError("every name must be 1 to 32 characters out of a-z 0-9 -")
        return channels


class RulesSettings(Section):
    # A path; empty for none.
    file: str = ""
    max_rules: int = Field(10_000, ge=1, le=100_000)
    max_backtests: int = Field(2, ge=1, le=64)


class LimitsSettings(Section):
    max_body_bytes: int = Field(4 * 1024 * 1024, ge=1024)
    max_compression_ratio: int = Field(100, ge=1)
    max_held_bytes: int = Field(256 * 1024 * 1024, ge=0)
    max_page_size: int = Field(10_000, ge=1)
    max_connections: int = Field(20_000, ge=1, le=1_000_000)
    max_connections_per_address: int = Field(12_000, ge=1, le=1_000_000)
    head_seconds: float = Field(10.0, gt=0, le=3600)
    body_seconds: float = Field(30.0, gt=0, le=3600)
    keep_alive_seconds: float = Field(75.0, gt=0, le=3600)
    stream_idle_seconds: float = Field(300.0, gt=0, le=86_400)

    # 0 means no limit.
    key_requests_per_second: float = Field(0.0, ge=0, le=1e9)
    key_ticks_per_second: float = Field(0.0, ge=0, le=1e9)
    key_symbols: int = Field(0, ge=0)
    address_requests_per_second: float = Field(0.0, ge=0, le=1e9)
    address_ticks_per_second: float = Field(0.0, ge=0, le=1e9)
    burst_seconds: int = Field(1, ge=1, le=3600)
    max_remembered_clients: int = Field(50_000, ge=1, le=10_000_000)


class StreamSettings(Section):
    """Limits of the streams to subscribers."""

    max_connections: int = Field(10_000, ge=1, le=1_000_000)
    max_subscriptions: int = Field(1000, ge=1, le=1_000_000)
    max_message_bytes: int = Field(65_536, ge=128, le=16_777_216)
    messages_per_second: float = Field(50.0, ge=1, le=1_000_000)
    default_interval_ms: int = Field(100, ge=10, le=60_000)
    min_interval_ms: int = Field(50, ge=10, le=60_000)
    heartbeat_seconds: float = Field(15.0, ge=0.1, le=3600)
    idle_seconds: float = Field(60.0, ge=0.2, le=86_400)
    max_queued_anomalies: int = Field(1000, ge=1, le=1_000_000)

    @model_validator(mode="after")
    def _check_intervals(self) -> "StreamSettings":
        if self.idle_seconds < 2 * self.heartbeat_seconds:
            raise ValueError("idle_seconds must be at least twice heartbeat_seconds")
        if self.default_interval_ms < self.min_interval_ms:
            raise ValueError("default_interval_ms must not be below min_interval_ms")
        return self


class TelemetrySettings(Section):
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "console", "json"] = "auto"
    traces_endpoint: str = Field("", repr=False)
    traces_sample_ratio: float = Field(0.01, ge=0, le=1)

    @field_validator("traces_endpoint")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if value:
            HttpUrl(value)
        return value


class Settings(BaseSettings):
    """All sections and keys, with their defaults."""

    model_config = SettingsConfigDict(
        env_prefix="MARKETDATA_", env_nested_delimiter="__", extra="forbid", frozen=True, validate_default=True
    )

    server: ServerSettings = ServerSettings()
    auth: AuthSettings = AuthSettings()
    processing: ProcessingSettings = ProcessingSettings()
    simulation: SimulationSettings = SimulationSettings()
    trades: TradesSettings = TradesSettings()
    benchmarks: BenchmarksSettings = BenchmarksSettings()
    readings: ReadingsSettings = ReadingsSettings()
    feeds: FeedsSettings = FeedsSettings()
    options: OptionsSettings = OptionsSettings()
    storage: StorageSettings = StorageSettings()
    cluster: ClusterSettings = ClusterSettings()
    retention: RetentionSettings = RetentionSettings()
    rules: RulesSettings = RulesSettings()
    notifications: NotificationSettings = NotificationSettings()
    limits: LimitsSettings = LimitsSettings()
    stream: StreamSettings = StreamSettings()
    telemetry: TelemetrySettings = TelemetrySettings()

    @property
    def is_exposed(self) -> bool:
        """Whether whoever reaches the network address may use the service, and nobody has said that this is meant."""
        return not (self.auth.enabled or self.auth.allow_anonymous_network or self.server.is_loopback)

    @property
    def is_feed_exposed(self) -> bool:
        """The same of ZeroMQ."""
        zeromq = self.feeds.zeromq
        return not (zeromq.is_protected or self.auth.allow_anonymous_network or zeromq.is_loopback)

    @property
    def member(self) -> str:
        """The name of this member of a cluster, the same after a restart."""
        return self.cluster.member or f"{socket.gethostname()}-{self.server.port}"

    @property
    def cluster_problem(self) -> str:
        """Why this process cannot be a member of a cluster; empty if it can, or is none."""
        if not self.cluster.enabled:
            return ""
        if self.processing.partitions == 0:
            return "processing.partitions must be set, to the partitions of the topics: the same on every member"
        if self.simulation.enabled and self.cluster.name == "marketdata":
            return "a simulation needs topics of its own: set cluster.name, such as to simulation, on every member"
        if self.notifications.channels and not self.storage.url:
            return "notifications.channels need storage.url: one of the members delivers what all of them store"
        if self.auth.enabled and not self.storage.url:
            return "auth.enabled needs storage.url: the members share their keys in PostgreSQL"
        if self.server.port == 0 and not self.cluster.member:
            return "cluster.member must be set where server.port is 0, because a member keeps its name over restarts"
        return ""

    @property
    def keeps_history(self) -> bool:
        """Whether ticks, candles and events are stored. The members of a cluster share theirs in PostgreSQL."""
        return self.storage.enabled and (not self.cluster.enabled or bool(self.storage.url))

    @property
    def store(self) -> StorageSettings:
        """Where data is kept. A simulation has a store of its own, so that it never mixes with real prices."""
        if not self.simulation.enabled:
            return self.storage
        return self.storage.model_copy(update={"url": "", "data_dir": self.storage.data_dir / "simulation"})

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # The loader reads the sources itself, one by one, to record where each value came from.
        return (init_settings,)

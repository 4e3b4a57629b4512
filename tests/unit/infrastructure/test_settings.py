import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from infrastructure.processing.channel import FullMode
from infrastructure.settings import Settings
from infrastructure.settings_loader import InvalidSettings, load_settings, masked

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def file_with(text: str) -> Path:
    path = Path("some.toml")
    path.write_text(text)
    return path


def test_defaults_are_those_of_the_contract() -> None:
    settings = load_settings().settings
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 8000)
    assert settings.processing.channel_capacity == 100_000
    assert settings.processing.full_mode is FullMode.DROP_OLDEST
    assert settings.processing.anomaly_threshold_percent == Decimal("2.0")
    assert settings.simulation.symbols == ("AAPL", "GOOG", "MSFT", "EURUSD", "BTCUSD")
    assert settings.processing.partition_count >= 1


def test_file_in_the_repository_states_every_key_with_its_default_and_a_comment() -> None:
    text = (ROOT / "appsettings.toml").read_text()
    given = tomllib.loads(text)
    defaults = Settings()
    assert {section: set(keys) for section, keys in given.items()} == {
        section: set(type(values).model_fields) - {"seed"} for section, values in defaults
    }
    assert Settings(**given) == defaults
    lines = text.splitlines()
    keys = [number for number, line in enumerate(lines) if " = " in line and not line.startswith("# ")]
    assert all(lines[number - 1].startswith("# ") for number in keys)


def test_later_layers_win_and_every_value_knows_where_it_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    path = file_with("[server]\nport = 1\nhost = '::1'\n[processing]\npartitions = 2\n")
    monkeypatch.setenv("MARKETDATA_SERVER__PORT", "2")
    monkeypatch.setenv("MARKETDATA_PROCESSING__PARTITIONS", "3")
    loaded = load_settings(path, {"server": {"port": 4}})
    assert (loaded.settings.server.port, loaded.settings.processing.partitions) == (4, 3)
    assert loaded.origins["server.port"] == "command line"
    assert loaded.origins["server.host"] == "some.toml"
    assert loaded.origins["processing.partitions"] == "MARKETDATA_PROCESSING__PARTITIONS"
    assert loaded.origins["processing.full_mode"] == "default"


def test_appsettings_of_the_current_directory_is_found() -> None:
    Path("appsettings.toml").write_text("[server]\nport = 77\n")
    assert load_settings().settings.server.port == 77


@pytest.mark.parametrize("text", ['["a","b"]', "a,b"])
def test_lists_are_plain_or_json_in_the_environment(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKETDATA_SIMULATION__SYMBOLS", text)
    assert load_settings().settings.simulation.symbols == ("A", "B")


def test_variables_of_sections_that_do_not_exist_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKETDATA_TELEPORT__URL", "x")
    monkeypatch.setenv("MARKETDATA_RECORDINGS", "x")
    load_settings()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("MARKETDATA_PROCESSING__PARTITIONS", "many", "processing.partitions (MARKETDATA_PROCESSING__PARTITIONS)"),
        ("MARKETDATA_PROCESSING__PARTITIONS", "-1", "greater than or equal to 0 (value: '-1')"),
        (
            "MARKETDATA_PROCESSING__PARTITIONZ",
            "1",
            "processing.partitionz (MARKETDATA_PROCESSING__PARTITIONZ): no such",
        ),
        ("MARKETDATA_PROCESSING__FULL_MODE", "drop", "'drop_oldest', 'drop_newest', 'reject' or 'wait'"),
        ("MARKETDATA_SIMULATION__SYMBOLS", "A B", "every symbol must be 1 to 64"),
        ("MARKETDATA_SERVER", "x", "server (environment)"),
        ("MARKETDATA_PROCESSING", '{"partitions":-3}', "processing.partitions (MARKETDATA_PROCESSING)"),
        ("MARKETDATA_TELEMETRY__TRACES_ENDPOINT", "http://[::1", "telemetry.traces_endpoint"),
    ],
)
def test_wrong_variable_is_named(name: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettings) as caught:
        load_settings()
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MARKETDATA_STORAGE__URL", "mysql://me:hunter2@database"),
        ("MARKETDATA_TELEMETRY__TRACES_ENDPOINT", "me:hunter2@collector"),
        ("MARKETDATA_STORAGE", '{"url":"postgresql://me:hunter2@x","durability":"sync","enabled":false}'),
    ],
)
def test_wrong_value_that_may_hold_a_password_is_not_shown(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettings) as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[server]\nprot = 1", "server.prot (some.toml): no such key"),
        ("[nonsense]\na = 1", "nonsense (some.toml): no such key"),
        ("server = 1", "server (some.toml)"),
        ("[server", "not valid TOML"),
        (
            "[processing]\npartitions = true",
            "processing.partitions (some.toml): Value error, must not be true or false",
        ),
        ("[server]\nport = 99999\n[processing]\nchannel_capacity = 0", "server.port (some.toml)"),
    ],
)
def test_wrong_file_is_named_with_its_key(text: str, message: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        load_settings(file_with(text))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "url", [f"postgresql://u:hunter2{end}" for end in ("/x@h/d", "#x@h/d", "?x@h/d", "@[::1/d", "/d")]
)
def test_password_that_breaks_its_address_is_refused_without_being_shown(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKETDATA_STORAGE__URL", url)
    with pytest.raises(InvalidSettings, match=r"storage\.url \(MARKETDATA_STORAGE__URL\): .*%2F") as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


def test_missing_file_is_named() -> None:
    with pytest.raises(InvalidSettings, match=r"gone\.toml: No such file"):
        load_settings(Path("gone.toml"))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (SecretStr("hunter2"), "********"),
        ("postgresql://me:hunter2@db:5432/x", "postgresql://me:********@db:5432/x"),
        ("postgres://me@db/x", "postgres://me@db/x"),
        ("postgresql://me:a:b@c@db/x", "postgresql://me:********@db/x"),
        ("postgresql://db/x?password=hunter2", "postgresql://db/x?********"),
        ("http://hunter2@db/x", "http://********@db/x"),
        ("http://db/x?token=hunter2#hunter2", "http://db/x?********#********"),
        ("http://db/x", "http://db/x"),
        (8000, 8000),
    ],
)
def test_secrets_are_masked(value: object, shown: object) -> None:
    assert masked(value) == shown


def test_channels_are_masked_and_wrong_ones_are_named_without_their_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "0123456789abcdef"  # noqa: S105  # of this test
    path = file_with(f'[notifications.channels.ops]\nurl = "https://hooks.example/token"\nsecret = "{secret}"\n')
    settings = load_settings(path).settings
    channel = settings.notifications.channels["ops"]
    assert channel.secret.get_secret_value() == secret
    assert secret not in str(settings) + str(masked(settings.notifications.channels))
    assert "token" not in str(settings) + str(masked(settings.notifications.channels))
    for wrong in (
        {"ops": {"url": "ftp://hooks.example/token", "secret": secret}},
        {"ops": {"url": "https://a:token@hooks.example/", "secret": secret}},
        {"ops": {"url": "https://hooks.example/token", "secret": "token"}},
        {"ops": {"kind": "log", "secret": secret}},
        {"Ops!": {"kind": "log"}},
    ):
        monkeypatch.setenv("MARKETDATA_NOTIFICATIONS__CHANNELS", json.dumps(wrong))
        with pytest.raises(InvalidSettings) as refused:
            load_settings()
        assert "notifications.channels" in str(refused.value)
        assert secret not in str(refused.value)
        assert "token" not in str(refused.value)


def member(**sections: dict[str, Any]) -> Settings:
    """Settings of a member of a cluster, but for the given ones."""
    given: dict[str, dict[str, Any]] = {"cluster": {"brokers": "kafka:9092"}, "processing": {"partitions": 4}}
    return load_settings(None, {name: given.get(name, {}) | keys for name, keys in (given | sections).items()}).settings


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        ({"processing": {"partitions": 0}}, "processing.partitions must be set"),
        ({"simulation": {"enabled": True}}, "a simulation needs topics of its own"),
        ({"notifications": {"channels": {"ops": {"kind": "log"}}}}, "notifications.channels need storage.url"),
        ({"auth": {"enabled": True}}, "auth.enabled needs storage.url"),
        ({"server": {"port": 0}}, "cluster.member must be set"),
    ],
    ids=["partitions", "simulation", "channels", "keys", "member"],
)
def test_what_makes_no_member_of_a_cluster_is_said(sections: dict[str, dict[str, Any]], problem: str) -> None:
    assert member().cluster_problem == ""
    assert member(**sections).cluster_problem.startswith(problem)
    # Without brokers it is no member, and may be anything.
    assert member(**sections, cluster={"brokers": ""}).cluster_problem == ""


def test_settings_of_kafka_are_text_and_their_secrets_are_masked() -> None:
    path = file_with(
        "[cluster.kafka]\nsecurity.protocol = 'SASL_SSL'\n'sasl.password' = 'hunter2'\nsocket.nagle.disable = true"
    )
    kafka = load_settings(path).settings.cluster.kafka
    assert {name: value.get_secret_value() for name, value in kafka.items()} == {
        "security.protocol": "SASL_SSL",
        "sasl.password": "hunter2",
        "socket.nagle.disable": "true",
    }
    assert masked(kafka) == {
        "security.protocol": "SASL_SSL",
        "sasl.password": "********",
        "socket.nagle.disable": "true",
    }
    assert "hunter2" not in repr(load_settings(path).settings)


def test_settings_of_kafka_that_promises_depend_on_are_refused() -> None:
    with pytest.raises(InvalidSettings, match=r"cluster\.kafka .*acks cannot be set"):
        load_settings(file_with("[cluster.kafka]\nacks = 1"))


def test_types_of_sensors_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKETDATA_READINGS__SENSOR_TYPES", '{"Temp":{"unit":"C","min":-50,"low":0.1,"max":"200"}}')
    kind = load_settings().settings.readings.sensor_types["temp"]
    assert (kind.unit, str(kind.min), str(kind.low), str(kind.max)) == ("C", "-50", "0.1", "200")
    for wrong in ('{"a b":{}}', '{"t":{"min":5,"max":4}}', '{"t":{"low":5,"high":5}}', '{"t":{"more":5}}', "5"):
        monkeypatch.setenv("MARKETDATA_READINGS__SENSOR_TYPES", wrong)
        with pytest.raises(InvalidSettings, match=r"readings\.sensor_types"):
            load_settings()


@pytest.mark.parametrize("topic", ["machines/+", "a/+/+/+", "#", "a/+/+/#", "a//+/+", "a/b+/+/+"])
def test_topic_of_mqtt_names_a_machine_and_a_sensor(topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKETDATA_FEEDS__MQTT__TOPIC", topic)
    with pytest.raises(InvalidSettings, match=r"feeds\.mqtt\.topic"):
        load_settings()


@pytest.mark.parametrize("url", ["127.0.0.1", "http://a", "mqtt://", "mqtt://user:pass@a", "mqtt://a:b", "mqtt://a/x"])
def test_address_of_the_broker_is_checked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKETDATA_FEEDS__MQTT__URL", url)
    with pytest.raises(InvalidSettings, match=r"feeds\.mqtt\.url"):
        load_settings()

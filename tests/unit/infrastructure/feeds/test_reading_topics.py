import pytest

from infrastructure.feeds.mqtt.reading_topics import ReadingTopics


@pytest.mark.parametrize(
    ("pattern", "topic"),
    [("machines/+/+", "machines/CNC-001/t"), ("a/+/b/+/c", "a/CNC-001/b/t/c"), ("+/+", "CNC-001/t")],
)
def test_topic_of_a_sensor_names_it(pattern: str, topic: str) -> None:
    topics = ReadingTopics(pattern)
    assert topics.of("CNC-001", "t") == topic
    assert topics.names_in(topic) == ("CNC-001", "t")
    assert topics.names_in(f"{topic}/x") is None


@pytest.mark.parametrize(("machine", "sensor"), [("A+B", "t"), ("A", "t#1")])
def test_what_topics_must_not_have_has_none(machine: str, sensor: str) -> None:
    assert ReadingTopics("machines/+/+").of(machine, sensor) is None

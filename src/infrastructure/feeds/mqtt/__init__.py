"""Readings over MQTT."""

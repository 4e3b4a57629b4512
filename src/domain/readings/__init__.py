"""Readings: values of the sensors of machines, and what they add up to."""

"""Ways out that are not answers: where alerts are sent."""

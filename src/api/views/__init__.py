"""The shapes of answers and their encoding."""

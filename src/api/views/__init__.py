"""The shapes of answers, and their way into bytes."""

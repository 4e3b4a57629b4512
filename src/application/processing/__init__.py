"""Use cases shared by all subjects: submission, durability, accounting."""

"""What is the same for every subject: submitting, durability, accounting."""

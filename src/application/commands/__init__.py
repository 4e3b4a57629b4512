"""What changes the system."""

"""What is asked of the system and changes nothing."""

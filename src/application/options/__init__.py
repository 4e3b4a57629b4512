"""What can be asked of options, and told."""

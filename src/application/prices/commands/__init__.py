"""What changes prices."""

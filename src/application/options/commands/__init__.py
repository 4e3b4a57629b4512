"""Commands about options."""

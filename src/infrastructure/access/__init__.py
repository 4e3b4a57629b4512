"""Keys in the store, and how the service notices their changes."""

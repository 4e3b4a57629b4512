"""Keys: creating, listing and revoking them, and who a request comes from."""

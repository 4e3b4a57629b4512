"""How the service is deployed: a cluster on this machine, and compose files."""

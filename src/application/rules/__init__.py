"""Rules, their alerts, and how alerts are delivered."""

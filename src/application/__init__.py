"""The use cases, one per file, with the mediator, its pipeline and the ports."""

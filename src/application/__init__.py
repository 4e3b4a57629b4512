"""What can be asked of the system: one file a use case, the mediator, its pipeline, and the ports."""

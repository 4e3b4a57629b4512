"""What tests share: fakes behind ports, a reference to compare with, and the running service."""

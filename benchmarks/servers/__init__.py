"""The servers that the service is measured against."""

"""What a price, a statistic and a spike are. Standard library only: no I/O, no async, no clock."""

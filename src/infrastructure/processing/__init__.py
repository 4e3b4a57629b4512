"""The partitioned processor: bounded channels and the workers that drain them."""

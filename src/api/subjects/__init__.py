"""What each subject brings to the service, and the registry of them."""

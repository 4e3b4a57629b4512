"""The features of each subject, and the registry of subjects."""

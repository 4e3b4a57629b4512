"""The pipeline: the behaviours every message passes on its way to its handler."""

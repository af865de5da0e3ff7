"""Settings to running objects: the only part that knows every other."""

"""Settings: typed, from file, environment and arguments."""

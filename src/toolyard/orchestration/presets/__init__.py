"""The workflows by their names: each is an engine with its options set."""

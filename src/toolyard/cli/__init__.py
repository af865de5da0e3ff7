"""The `toolyard` command."""

"""Many sources as one."""

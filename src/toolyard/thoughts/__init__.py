"""What agents thought, in a chain that shows every change to it."""

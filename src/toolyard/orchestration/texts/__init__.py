"""What is said, and how it is shown to those who read it."""

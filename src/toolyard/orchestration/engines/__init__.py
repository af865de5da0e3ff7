"""Ways for members to work together; each is one loop."""

"""Language models: one small interface, every provider behind it, and conversations with them."""

"""How models ask for tools: by calls of their own, or in what they write."""

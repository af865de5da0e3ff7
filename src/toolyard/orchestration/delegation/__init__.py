"""How a coordinator decides who does what."""

"""Several processes that serve one port: each a whole server, and one that starts them."""

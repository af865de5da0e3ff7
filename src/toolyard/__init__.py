"""Tools on the network: served over MCP, guarded, swapped while they work."""

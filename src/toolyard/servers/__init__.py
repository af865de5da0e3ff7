"""A source of tools, served over MCP."""

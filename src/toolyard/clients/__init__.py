"""Sources elsewhere: remote MCP servers."""

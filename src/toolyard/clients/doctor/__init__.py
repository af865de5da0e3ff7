"""Does to a server what MCP hosts do, and says what they would find."""

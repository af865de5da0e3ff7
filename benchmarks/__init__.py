"""What a call costs: toolyard beside the SDK's server, FastMCP and a bare ASGI function."""

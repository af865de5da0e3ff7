"""JSON-RPC error codes, for whoever answers without the SDK."""

INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
MISSING_CAPABILITY = -32021
"""MCP's: the client did not declare what the request needs."""
FORBIDDEN = -32001
"""Our own, of the range left to implementations: the caller lacks a scope."""

"""JSON-RPC error codes that we give ourselves; the SDK knows its own."""

FORBIDDEN = -32001
"""Our own code, of the range left to implementations: the caller lacks a scope."""
INTERNAL_ERROR = -32603

"""Services that an OpenAPI document describes, as sources of tools."""

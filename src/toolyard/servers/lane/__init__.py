"""The fast lane: plain calls and lists of tools answered in one pass, without the SDK."""

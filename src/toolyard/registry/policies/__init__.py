"""Wrappers around a source, each of which changes one thing."""

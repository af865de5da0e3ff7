"""Decisions about who may come in and what they may do; no HTTP."""

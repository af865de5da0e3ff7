"""Agents: a model, a conversation and tools, that work until a task is done."""

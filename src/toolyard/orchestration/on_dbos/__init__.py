"""Durable runs on DBOS, which spreads members over processes and machines."""

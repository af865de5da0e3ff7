"""Key-value stores with leases and compare-and-set: in process, SQLite, Redis."""

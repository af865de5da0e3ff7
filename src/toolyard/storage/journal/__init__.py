"""The journal of durable runs: each step is on the disk, and is not done twice."""

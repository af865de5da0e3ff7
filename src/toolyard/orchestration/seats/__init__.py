"""The places of members in a run."""

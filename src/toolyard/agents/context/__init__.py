"""What is done where a conversation outgrows what its model can take in."""

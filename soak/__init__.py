"""Long runs against a real server process: what a minute does not show."""

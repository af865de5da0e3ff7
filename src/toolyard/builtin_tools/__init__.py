"""The tools that come with toolyard."""

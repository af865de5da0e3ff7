"""Plans of steps: how they are made, done and mended."""

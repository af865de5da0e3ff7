"""What happened, typed, and who hears of it."""

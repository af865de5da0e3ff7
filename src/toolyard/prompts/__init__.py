"""What a model is asked, and what is read out of its reply."""

"""Work items that any number of workers share: claimed, checked, recorded once."""

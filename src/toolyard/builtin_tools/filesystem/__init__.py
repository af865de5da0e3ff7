"""Files below one directory that is never left."""

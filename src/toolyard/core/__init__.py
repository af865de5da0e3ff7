"""The words every part speaks: tools, calls, results, callers, and what provides them."""

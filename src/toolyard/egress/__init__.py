"""The guarded way out: vetted addresses, pinned dialling, bounded answers."""

"""The process that starts commands; it imports nothing but the standard library.

It runs beside the server, in an empty environment and with one thread: so nothing secret is in
its memory, and it may fork. For each command it forks a supervisor, which starts the command, ends
it, and proves that nothing of it is left.
"""

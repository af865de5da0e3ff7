"""`python -m toolyard`: the command where its script is not on the PATH."""

from toolyard.cli.main import main

main()

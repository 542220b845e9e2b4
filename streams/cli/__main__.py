"""`python -m streams.cli` is `relance`."""

from streams.cli import main

main()

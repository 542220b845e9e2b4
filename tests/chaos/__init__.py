"""What becomes of Relance when things go wrong? Tools of the checkout, run as `python -m tests.chaos`; not installed."""

"""How fast is it? Tools of the checkout, run as `python -m tests.benchmarks`; nothing here is a test."""

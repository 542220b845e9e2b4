"""The wire: what shops publish, what Relance publishes, and what of it is refused."""

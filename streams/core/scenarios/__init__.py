"""One file per kind of scenario."""

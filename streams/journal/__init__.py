"""The internal log: one total order per subject, in which time is a record."""

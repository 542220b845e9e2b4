"""From a relaunch to a person: check once more, then write."""

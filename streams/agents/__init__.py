"""The Faust agents, each a paragraph."""

"""How does a word in a record come with a sentence for people?"""

from enum import StrEnum


class Worded(StrEnum):
    """Words of the wire, each with its sentence: `NAME = "word", "Sentence."`."""

    #: What the word means, for whoever has to explain it.
    sentence: str

    def __new__(cls, value: str, sentence: str) -> "Worded":
        """Make a member that carries its sentence."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member

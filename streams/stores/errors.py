"""What can go wrong with the suppression table?

StoreError
├── StoreUnavailable
└── StoreUnfit
"""


class StoreError(Exception):
    """The suppression table gave no trustworthy answer. Send nothing; put the message off."""


class StoreUnavailable(StoreError):
    """No answer, or a refusal that may pass (loading, out of memory, read-only). Ask again later.

    What was asked may have been done all the same: asking again is safe, assuming anything is not.
    """


class StoreUnfit(StoreError):
    """The server, as it is set up, must not hold the table. Stop; the sentence tells the operator what to do."""

"""What was decided, what became of it, and do the counts balance?

Read from the topics, each relaunch once, so that it is the truth and not a worker's word.
"""

from collections import Counter, deque

import msgspec

from schemas.outcome import Outcome
from streams import topics
from streams.core.decisions import RELAUNCH, Decision

READ = (topics.DECISIONS.name, topics.OUTCOMES.name, topics.DEAD_LETTERS.name)
LAST = 14

_decision = msgspec.json.Decoder(Decision).decode


class Tally:
    """Candidates and how each of them ended."""

    def __init__(self) -> None:
        self._decisions: dict[str, Decision] = {}
        self._ended: dict[str, str] = {}
        #: Refused records, by reason.
        self.dead_letters: Counter[str] = Counter()
        #: Whom the last candidates were about, and how they ended.
        self.last: deque[tuple[str, str]] = deque(maxlen=LAST)

    def learn(self, topic: str, value: bytes | None, headers: dict[str, bytes]) -> None:
        """Count one record of a topic in `READ`."""
        if topic == topics.DEAD_LETTERS.name:
            self.dead_letters[headers["reason"].decode()] += 1
        elif topic == topics.DECISIONS.name:
            decision = _decision(value or b"")
            self._decisions.setdefault(decision.relaunch_id, decision)
            if decision.decision != RELAUNCH:
                self._end(decision.relaunch_id, f"suppressed({decision.decision})", decision.contact_id)
        else:
            outcome = Outcome.model_validate_json(value or b"")
            how = f"{outcome.outcome}({outcome.reason})" if outcome.reason else outcome.outcome
            self._end(outcome.relaunch_id, how, outcome.contact_id)

    @property
    def candidates(self) -> int:
        """How many candidates were decided."""
        return len(self._decisions)

    @property
    def outcomes(self) -> dict[str, int]:
        """How many ended in which way."""
        return dict(sorted(Counter(self._ended.values()).items()))

    @property
    def balance(self) -> bool:
        """Whether every candidate has ended, in exactly one way, and nothing has ended that was no candidate."""
        return self._decisions.keys() == self._ended.keys()

    def _end(self, relaunch_id: str, how: str, contact_id: str | None) -> None:
        if relaunch_id not in self._ended:
            self._ended[relaunch_id] = how
            self.last.append((contact_id or "a visitor we do not know", how))

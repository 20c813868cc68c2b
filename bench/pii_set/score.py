"""Per type: what was found of what is there, and what was found that is not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pii_set.build import Text, Truth

from ephor.rooms.pii.detect import detect
from ephor.rooms.pii.model import Find


@dataclass(slots=True)
class Score:
    """One type's counts, and the texts that went wrong."""

    there: int = 0
    found: int = 0
    exact: int = 0
    wrong: int = 0
    missed: list[tuple[Text, Truth]] = field(default_factory=list)
    extra: list[tuple[Text, Find]] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return self.found / self.there if self.there else 1.0

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.wrong) if self.found + self.wrong else 1.0


def score(
    texts: Iterable[Text], types: frozenset[str] | None = None, alike: Mapping[str, str] | None = None
) -> dict[str, Score]:
    """Return the score of each type: a find counts where one of the same type lies over it in the truth.

    *alike* names types that count as another: where a text cannot tell which of two it is.
    """
    scores: dict[str, Score] = defaultdict(Score)
    for text in texts:
        finds = [
            replace(find, type=alike[find.type]) if alike and find.type in alike else find
            for find in detect(text.text, types)
        ]
        for truth in text.truths:
            one = scores[truth.type]
            one.there += 1
            over = [
                find
                for find in finds
                if find.type == truth.type and find.start < truth.end and truth.start < find.end
            ]
            one.found += bool(over)
            one.exact += any((find.start, find.end) == (truth.start, truth.end) for find in over)
            if not over:
                one.missed.append((text, truth))
        for find in finds:
            if not any(
                find.type == truth.type and find.start < truth.end and truth.start < find.end
                for truth in text.truths
            ):
                scores[find.type].wrong += 1
                scores[find.type].extra.append((text, find))
    return dict(sorted(scores.items()))

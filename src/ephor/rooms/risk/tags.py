"""What risks are tagged with: the OWASP Top 10 for agentic applications (2026) and the domains of the MIT AI risk repository."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.risk.rules import RiskCategory

TAGS: Mapping[str, str] = MappingProxyType(
    {
        "asi01": "OWASP ASI01: an agent's goal is hijacked",
        "asi02": "OWASP ASI02: tools are misused",
        "asi03": "OWASP ASI03: identity and privilege are abused",
        "asi04": "OWASP ASI04: the supply chain is compromised",
        "asi05": "OWASP ASI05: code is executed unexpectedly",
        "asi06": "OWASP ASI06: memory and context are poisoned",
        "asi07": "OWASP ASI07: agents talk to each other insecurely",
        "asi08": "OWASP ASI08: failures cascade",
        "asi09": "OWASP ASI09: people's trust is exploited",
        "asi10": "OWASP ASI10: an agent goes rogue",
        "mit1": "MIT domain 1: discrimination and toxicity",
        "mit2": "MIT domain 2: privacy and security",
        "mit3": "MIT domain 3: misinformation",
        "mit4": "MIT domain 4: malicious actors",
        "mit5": "MIT domain 5: people and computers",
        "mit6": "MIT domain 6: society and environment",
        "mit7": "MIT domain 7: safety, failures and limits of AI",
    }
)
"""Every tag there is, with its meaning in our words."""

_C = RiskCategory
BY_CATEGORY: Mapping[RiskCategory, tuple[str, ...]] = MappingProxyType(
    {
        _C.SAFETY: ("asi02", "asi05", "asi08", "mit7"),
        _C.PRIVACY: ("asi03", "asi06", "mit2"),
        _C.SECURITY: ("asi01", "asi02", "asi03", "asi04", "mit2", "mit4"),
        _C.FAIRNESS: ("mit1",),
        _C.TRANSPARENCY: ("asi09", "mit3", "mit5"),
        _C.ACCOUNTABILITY: ("asi10", "mit6"),
    }
)
"""What a risk is tagged with where nobody says otherwise."""


def read_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the tags, each once and in the order of `TAGS`, however their letters are written.

    >>> read_tags(["MIT2", "ASI01", "mit2"])
    ('asi01', 'mit2')

    Raises:
        InvalidInputError: there is no such tag.
    """
    given = {tag.strip().lower() for tag in tags}
    if unknown := sorted(given - TAGS.keys()):
        raise InvalidInputError(f"unknown tag `{unknown[0][:40]}`; use one of: {', '.join(TAGS)}")
    return tuple(tag for tag in TAGS if tag in given)

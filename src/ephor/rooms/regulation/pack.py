"""A regulation pack: one law as data, cited, dated, versioned, with the cases that test it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, unique

from ephor.rooms.regulation.condition import Condition
from ephor.rooms.regulation.facts import FactType


class Verified(StrEnum):
    """How a statement of the law was checked."""

    OJ = "oj"
    """Read in the official journal."""
    SECONDARY = "sec"
    MEMORY = "mem"
    TEXT = "text"
    """The wording itself was seen, elsewhere than in an official journal."""
    OFFICIAL = "official"
    """The issuer's own page was seen."""
    RECALL = "recall"
    """From memory, and to be read again before anybody relies on it."""
    UNCERTAIN = "unc"
    """The law itself is uncertain here; the note gives the readings."""


class Group(StrEnum):
    """What an element does to the class of a system, in the order the law asks (Articles 2, 5, 6 and 50)."""

    EXCLUSION = "exclusions"
    PRACTICE = "practices"
    PRODUCT = "products"
    AREA = "areas"
    DEROGATION = "derogations"
    DUTY = "duties"


@dataclass(frozen=True, slots=True)
class Escape:
    """An exception to one element; where it applies the element does not."""

    article: str
    title: str
    when: Condition


@dataclass(frozen=True, slots=True)
class Element:
    """One provision that holds of a system or does not."""

    id: str
    group: Group
    article: str
    title: str
    when: Condition
    escapes: tuple[Escape, ...]
    since: date | None
    """The day it applies from; exclusions and derogations have none of their own."""
    verified: Verified
    notice: str | None = None
    """What people must be told, for a transparency duty."""
    who: str | None = None
    """The role that owes the duty, or that alone an exclusion spares."""
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds every derogation alike (Article 6(3), chapeau and third subparagraph)."""

    article: str
    chapeau: Condition
    override: Condition


@dataclass(frozen=True, slots=True)
class Doubt:
    """A situation the listed facts cannot settle; ``ask`` names the fact a person must answer first."""

    ask: str
    article: str
    when: Condition
    because: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One of several readings of when an obligation begins, where lawyers differ; None: with the class."""

    says: str
    in_force: date | None


@dataclass(frozen=True, slots=True)
class Obligation:
    """One thing somebody must do."""

    id: str
    cite: str
    title: str
    roles: tuple[str, ...]
    when: Condition
    needs: tuple[str, ...]
    in_force: date | None
    """None: from the day the class itself applies."""
    until: date | None
    verified: Verified
    note: str | None
    readings: tuple[Reading, ...] = ()
    """Where it is contested from when it is owed: every reading. ``in_force`` is the one Ephor goes by."""


@dataclass(frozen=True, slots=True)
class RoleChange:
    """When somebody becomes another operator than they call themselves (AI Act, Article 25(1))."""

    article: str
    title: str
    roles: tuple[str, ...]
    becomes: str
    when: Condition


@dataclass(frozen=True, slots=True)
class Grace:
    """A transitional rule: what is owed later, or never, because the system was there before (AI Act, Article 111)."""

    article: str
    title: str
    when: Condition
    with_class: bool
    """Whether it covers what is owed from the day the class applies."""
    obligations: frozenset[str]
    until: date | None
    """The day from which it is owed after all; None: never, while the condition holds."""


@dataclass(frozen=True, slots=True)
class Penalty:
    """The most a breach can cost."""

    cite: str
    title: str
    when: Condition
    eur: int | None
    pct: int | None
    """Of the worldwide turnover of the year before."""
    rule: str
    """Whether the higher or the lower of the two is the most."""
    in_force: date
    verified: Verified
    note: str | None


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a law reaches at all; where it is not known, nothing of it is called met or not applicable."""

    cite: str
    title: str
    when: Condition


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """An obligation and its counterpart in another pack: how far whoever meets the one has met the other."""

    here: str
    there: str
    relation: str
    because: str


@unique
class Basis(StrEnum):
    """Who says that the law demands an event."""

    TEXT = "text"
    """The text cited names this event itself."""
    GUIDE = "guide"
    """The reference guide reads the text so; the text names no such event."""
    EPHOR = "ephor"
    """Ephor reads the text so; the text names no such event."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Another kind of entry that says the same; with ``decision``, only where it was decided so."""

    kind: str
    decision: str | None
    because: str


@dataclass(frozen=True, slots=True)
class LoggingDemand:
    """One kind of event that must be in the log."""

    id: str
    kind: str
    also: tuple[Likeness, ...]
    cite: str
    title: str
    basis: Basis
    verified: Verified
    since: date | None
    """The day it applies from, where the law is not in force yet or was not always."""
    note: str | None


@unique
class Counting(StrEnum):
    """How long a clock runs."""

    HOURS = "hours"
    DAYS = "days"
    """Calendar days after the day it starts; it ends with the last of them."""
    AFTER_YEAR = "days_after_year_end"
    """Calendar days after the end of the year in which it starts."""
    AT_ONCE = "at_once"
    """Without undue delay: no day is fixed."""


@unique
class Fill(StrEnum):
    """What the record can fill an item of a notification with."""

    AGENTS = "agents"
    NATURE = "nature"
    CAUSE = "cause"
    MEASURES = "measures"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a notification must say; None: only a person can."""

    item: str
    fill: Fill | None


@dataclass(frozen=True, slots=True)
class IncidentClass:
    """What a law calls an incident."""

    id: str
    cite: str
    title: str
    when: Condition
    verified: Verified
    note: str | None


@dataclass(frozen=True, slots=True)
class ClockRule:
    """One notification that is owed, and by when. ``after`` is the clock whose notification starts this one."""

    id: str
    cite: str
    title: str
    recipient: str
    when: Condition
    counting: Counting
    amount: int
    union: bool
    """Whether Regulation 1182/71 counts the days, too."""
    after: str | None
    since: date | None
    until: date | None
    """The first day on which it does not apply any more."""
    verified: Verified
    note: str | None
    contents: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class IncidentLaw:
    """The section `incidents` of a pack. Its facts are about one incident, and apart from those about a system."""

    facts: Mapping[str, FactType]
    classes: tuple[IncidentClass, ...]
    clocks: tuple[ClockRule, ...]


@dataclass(frozen=True, slots=True)
class ApplicationDate:
    """A day on which part of the law begins to apply."""

    on: date
    applies: str
    cite: str
    verified: Verified


@dataclass(frozen=True, slots=True)
class Identity:
    """Which pack this is and which text of the law it was written from."""

    id: str
    version: str
    title: str
    jurisdiction: str
    source: str
    text_version: date
    reviewed_by: str
    reviewed_on: date


@dataclass(frozen=True, slots=True)
class Pack:
    """A whole law as data. ``digest`` covers everything in it except its cases."""

    identity: Identity
    digest: str
    vocabulary: Mapping[str, FactType]
    elements: tuple[Element, ...]
    limits: Limits | None
    doubts: tuple[Doubt, ...]
    obligations: tuple[Obligation, ...]
    dates: tuple[ApplicationDate, ...]
    shortcuts: Mapping[str, Mapping[str, object]]
    """The reference guide's use-case keys, each as the facts it stands for."""
    least: tuple[str, ...]
    """Facts that must be stated before a system may be called minimal: never minimal by omission."""
    logging: tuple[LoggingDemand, ...] = ()
    reach: Reach | None = None
    """None: whoever loads the pack is held to it."""
    role_changes: tuple[RoleChange, ...] = ()
    graces: tuple[Grace, ...] = ()
    penalties: tuple[Penalty, ...] = ()
    crosswalks: tuple[Crosswalk, ...] = ()
    incidents: IncidentLaw | None = None

    def of(self, group: Group) -> tuple[Element, ...]:
        """Return the elements of *group* in the law's order."""
        return tuple(element for element in self.elements if element.group is group)

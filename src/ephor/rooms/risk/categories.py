"""Which words of a manifest mean personal, health, financial or secret data, and which people stand weaker."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from ephor.rooms.risk.profile import DataKind

_PERSONAL, _HEALTH, _SPECIAL = DataKind.PERSONAL, DataKind.HEALTH, DataKind.SPECIAL
_FINANCIAL, _SECRET = DataKind.FINANCIAL, DataKind.SECRET
_MEANS: tuple[tuple[tuple[DataKind, ...], str], ...] = (
    (
        (_PERSONAL,),
        "pii personal person contact email mail phone telephone mobile name address identity identifier identification "
        "user customer client employee staff applicant candidate cv resume account profile location device ip cookie "
        "communication message conversation chat ticket call behaviour behavior demographic age gender birth education "
        "employment order purchase history photo voice image video recording family passport licence license ssn student "
        "pupil child support request correspondence letter emotion mood application vacancy citizen resident tenant hr review rating preference signature",
    ),
    (
        (_PERSONAL, _HEALTH),
        "phi health healthcare medical clinical diagnosis diagnose patient lab prescription treatment ehr medication "
        "disability vaccination",
    ),
    (
        (_PERSONAL, _SPECIAL),
        "biometric fingerprint face genetic dna ethnicity ethnic race racial religion religious belief political "
        "opinion union sexual orientation criminal conviction offence",
    ),
    (
        (_PERSONAL, _FINANCIAL),
        "payment card bank iban credit salary income payroll wage debt loan billing pension insurance",
    ),
    ((_FINANCIAL,), "financial finance invoice transaction tax ledger revenue accounting budget"),
    ((_SECRET,), "credential password secret token key apikey certificate"),
    (
        (),
        "public product catalogue catalog faq documentation document docs doc manual help article knowledge website page "
        "content code source repository inventory stock telemetry metric log aggregate aggregated anonymous anonymised "
        "anonymized synthetic statistic weather news price pricing opening hour shipping policy procedure company "
        "corporate business market marketing general information info none open map route sensor machine logistics",
    ),
)
KINDS: Mapping[str, tuple[DataKind, ...]] = MappingProxyType(
    {word: kinds for kinds, words in _MEANS for word in words.split()}
)
"""What one word of a data category says; an empty tuple means it is not about persons, money or secrets."""

PERMISSION_KINDS: Mapping[str, tuple[DataKind, ...]] = MappingProxyType(
    {"pii": (_PERSONAL,), "phi": (_PERSONAL, _HEALTH), "financial": (_FINANCIAL,)}
)
"""What the middle of a permission ``data:KIND:…`` says."""

WEAKER = frozenset(
    {"applicants", "asylum_seekers", "benefit_recipients", "borrowers", "children", "consumers_in_distress",
     "convicted_persons", "employees", "job_applicants", "litigants", "patients", "platform_workers", "pupils",
     "students", "suspects", "tenants", "victims", "visa_applicants", "vulnerable_persons", "workers"}
)  # fmt: skip
"""Groups who cannot easily object (Article 29 Working Party, WP 248 rev.01, III.B(a), criterion 7)."""

FRAGILE = frozenset({"asylum_seekers", "children", "patients", "pupils", "victims", "vulnerable_persons"})
"""Of those, the ones whom a disclosure hurts most."""

NOBODY = frozenset({"none", "companies"})
"""Stated subjects who are not natural persons."""

RANKING = frozenset(
    {"admission", "agentic_recruiting", "benefit_eligibility", "credibility", "credit_scoring", "crime_prediction",
     "cv_ranking", "grading", "housing_eligibility", "migration_risk", "recidivism", "risk_pricing", "social_scoring",
     "tenant_screening", "triage", "victim_risk", "worker_management"}
)  # fmt: skip
"""Functions whose output is a rank, a score or a verdict about a person."""

_SEGMENT = re.compile(r"[a-z0-9]+")


def kinds_of(category: str) -> tuple[DataKind, ...] | None:
    """Return what a data category is about; None when no word of it is in a list of ours.

    >>> kinds_of("user.contact.email"), kinds_of("opening_hours"), kinds_of("zorgs")
    ((<DataKind.PERSONAL: 'personal'>,), (), None)
    """
    words = [_singular(part) for part in _SEGMENT.findall(category.lower())]
    found = [KINDS[word] for word in words if word in KINDS]
    if not found:
        return None
    said = {kind for kinds in found for kind in kinds}
    return tuple(kind for kind in DataKind if kind in said)


def _singular(word: str) -> str:
    if word in KINDS:
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word.removesuffix("s")

"""The yes-or-no questions of the risk method; the answer to what nobody stated is *unknown*."""

from __future__ import annotations

from ephor.kernel.truth import Truth, all_of, any_of, negate
from ephor.kernel.vocabulary import Effect, Sensitivity, UseCase
from ephor.rooms.risk.categories import FRAGILE, NOBODY, WEAKER
from ephor.rooms.risk.profile import DataKind, Influence, Profile

POWERS = frozenset({"actuation", "code_execution", "deploy", "repo_write", "shell"})
"""Capabilities that act on the world beyond any one tool's declared effect."""
WEB = frozenset({"web_crawl", "web_search"})
HAZARDOUS = frozenset(
    {"critical_infrastructure", "energy", "healthcare", "military", "product_safety", "transport"}
)  # fmt: skip
"""Fields in which a mistake costs health or life."""
CONSEQUENTIAL = frozenset(
    {"biometrics", "critical_infrastructure", "democratic_process", "education", "employment", "essential_services",
     "finance", "healthcare", "housing", "insurance", "justice", "law_enforcement", "legal", "migration",
     "public_administration"}
)  # fmt: skip
"""Fields in which a decision shapes a life (AI Act, Annex III; Colorado SB 24-205, "consequential decision")."""
BODIES = frozenset(
    {
        "categorisation_sensitive",
        "emotion_recognition",
        "remote_identification_post",
        "remote_identification_realtime",
    }
)


def is_autonomous(profile: Profile) -> Truth:
    return profile.autonomy >= 3


def is_highly_autonomous(profile: Profile) -> Truth:
    return profile.autonomy >= 4


def acts_by_purpose(profile: Profile) -> Truth:
    return profile.use_case is UseCase.AUTONOMOUS_ACTION


def writes(profile: Profile) -> Truth:
    return any(tool.effect >= Effect.WRITE for tool in profile.tools)


def reaches_outside(profile: Profile) -> Truth:
    return any(tool.effect >= Effect.EXTERNAL for tool in profile.tools)


def cannot_be_undone(profile: Profile) -> Truth:
    return any(tool.effect is Effect.IRREVERSIBLE for tool in profile.tools)


def acts_unasked(profile: Profile) -> Truth:
    return any(tool.effect >= Effect.EXTERNAL and not tool.asks for tool in profile.tools)


def is_powerful(profile: Profile) -> Truth:
    return any(tool.powerful for tool in profile.tools) or not POWERS.isdisjoint(profile.capabilities)


def is_safety_component(profile: Profile) -> Truth:
    return profile.safety_component


def works_where_people_get_hurt(profile: Profile) -> Truth:
    return profile.domain in HAZARDOUS


def is_unwatched(profile: Profile) -> Truth:
    return negate(profile.overseen)


def acts_unstoppably(profile: Profile) -> Truth:
    return all_of([writes(profile), negate(profile.stoppable)])


def handles_personal_data(profile: Profile) -> Truth:
    """Unknown where data above public is not described, or only in words that are in no list of ours."""
    if DataKind.PERSONAL in profile.data:
        return True
    undescribed = bool(profile.unrecognised) or not profile.described
    return None if undescribed and profile.sensitivity > Sensitivity.PUBLIC else False


def handles_health_data(profile: Profile) -> Truth:
    return DataKind.HEALTH in profile.data


def handles_special_data(profile: Profile) -> Truth:
    return DataKind.SPECIAL in profile.data or bool(profile.biometric)


def handles_financial_data(profile: Profile) -> Truth:
    return DataKind.FINANCIAL in profile.data


def handles_secrets(profile: Profile) -> Truth:
    return DataKind.SECRET in profile.data


def exposes_personal_data(profile: Profile) -> Truth:
    return any(
        tool.unmasked or (tool.effect >= Effect.EXTERNAL and DataKind.PERSONAL in tool.data)
        for tool in profile.tools
    )


def concerns_fragile_people(profile: Profile) -> Truth:
    return handles_personal_data(profile) is not False and not FRAGILE.isdisjoint(profile.subjects or ())


def handles_confidential_data(profile: Profile) -> Truth:
    return profile.sensitivity >= Sensitivity.CONFIDENTIAL


def handles_restricted_data(profile: Profile) -> Truth:
    return profile.sensitivity is Sensitivity.RESTRICTED


def handles_data_in_unknown_words(profile: Profile) -> Truth:
    """Never answered *yes*: a word in no list of ours is a question."""
    return None if profile.unrecognised else False


def reads_strangers(profile: Profile) -> Truth:
    web = any(tool.untrusted for tool in profile.tools) or not WEB.isdisjoint(profile.capabilities)
    return any_of([web, profile.interacts])


def can_be_made_to_leak(profile: Profile) -> Truth:
    return all_of([handles_confidential_data(profile), reads_strangers(profile), reaches_outside(profile)])


def has_many_tools(profile: Profile) -> Truth:
    return len(profile.tools) > 10


def delegates(profile: Profile) -> Truth:
    return any(tool.delegates for tool in profile.tools) or "multi_agent" in profile.capabilities


def prepares_decisions(profile: Profile) -> Truth:
    return None if profile.influence is None else profile.influence >= Influence.PREPARATORY


def sways_decisions(profile: Profile) -> Truth:
    return None if profile.influence is None else profile.influence >= Influence.MATERIAL


def decides(profile: Profile) -> Truth:
    return profile.influence is Influence.DETERMINATIVE


def decides_what_matters(profile: Profile) -> Truth:
    """Unknown only once a decision is in play: an agent stated to decide nothing shapes no life."""
    matters = None if profile.domain is None else profile.domain in CONSEQUENTIAL
    return all_of([_may_judge(profile), matters])


def judges_weaker_people(profile: Profile) -> Truth:
    weaker = None if profile.subjects is None else not WEAKER.isdisjoint(profile.subjects)
    return all_of([_may_judge(profile), weaker])


def profiles(profile: Profile) -> Truth:
    """Profiling is processing of personal data (GDPR, Article 4(4)); without such data there is none."""
    personal = any_of([handles_personal_data(profile), _about_people(profile)])
    return any_of([profile.profiling is True, all_of([profile.profiling, personal])])


def draws_on_bodies(profile: Profile) -> Truth:
    return handles_special_data(profile)


def meets_people(profile: Profile) -> Truth:
    return profile.interacts


def hides(profile: Profile) -> Truth:
    return all_of([profile.interacts, negate(profile.discloses)])


def generates(profile: Profile) -> Truth:
    return profile.use_case is UseCase.CONTENT_GENERATION or not {"audio", "image", "video"}.isdisjoint(
        profile.generates
    )


def reads_bodies(profile: Profile) -> Truth:
    return profile.biometric in BODIES


def names_no_model(profile: Profile) -> Truth:
    return profile.models == 0


def _may_judge(profile: Profile) -> bool:
    """What was not stated counts as judging wherever there is somebody to judge."""
    if profile.influence is None:
        return handles_personal_data(profile) is not False or _about_people(profile)
    return profile.influence >= Influence.PREPARATORY


def _about_people(profile: Profile) -> bool:
    return bool(set(profile.subjects or ()) - NOBODY)

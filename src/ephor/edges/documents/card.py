"""A model's card as a document to read: the sections of the document of that name, then what the register itself knows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ephor.rooms.documents.model import Document, Section, bullets, fact, facts, item
from ephor.rooms.models.card import GUIDE_FIELDS, ModelCard
from ephor.rooms.models.card_markdown import history_lines, registry_rows
from ephor.rooms.writing.facts import ModelFacts
from ephor.rooms.writing.model import model_card


def card_document(card: ModelCard, agents: Sequence[str]) -> Document:
    """Return the card with its cover; equal facts give equal documents."""
    model, title = card.registry, "Model card"
    known = Section("Registry", (facts([fact(name, text) for name, text in registry_rows(card)]),))
    history = [item(line) for line in history_lines(card)]
    lived = (Section("History", (bullets(history),)),) if history else ()
    at = as_of(card)
    return Document(
        title=title,
        subtitle=f"{card.model_name}, version {card.model_version}",
        sections=(*model_card(ModelFacts(card, tuple(agents)), {}), known, *lived),
        cover=(
            fact("Model", model.id),
            fact("Status", model.status.value),
            fact("Owner", model.owner),
            fact("Newest fact", f"{at:%Y-%m-%d %H:%M} UTC"),
            fact("Gaps", f"{len(card.gaps)} of {len(GUIDE_FIELDS)} fields" if card.gaps else "none"),
        ),
        running=f"{title} · {model.id} · {model.status.value}",
        note="Written from the register as it stands; nobody has approved this card.",
        at=at,
    )


def as_of(card: ModelCard) -> datetime:
    """Return when the newest fact of the card entered the register."""
    said = [one.at for origins in card.origins.values() for one in origins]
    tested, seen = [one.at for one in card.bias_tests], [one.at for one in card.observations]
    return max([card.registry.updated_at, *said, *tested, *seen])

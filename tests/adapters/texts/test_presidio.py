"""Names by Presidio with a tiny model made here; nothing is fetched."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from ephor.adapters.texts.presidio import names_by
from ephor.kernel.errors import NotFoundError, UnavailableError
from ephor.rooms.pii.detect import detect
from ephor.rooms.pii.mask import mask
from ephor.rooms.pii.plugins import extended


def test_without_presidio_it_is_said_what_to_install() -> None:
    try:
        import presidio_analyzer  # noqa: F401, PLC0415
    except ImportError:
        with pytest.raises(UnavailableError, match=r"ephor\[ner\]"):
            names_by("any")
    else:
        with pytest.raises(NotFoundError, match="no spaCy model"):
            names_by("no_such_model")


def test_a_model_finds_names_beside_the_forms(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("presidio_analyzer", reason="presidio is not installed: `pip install ephor[ner]`")
        spacy = pytest.importorskip("spacy", reason="spaCy is not installed")
        made = spacy.blank("en")
        made.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": "Jane Roe"}])
        made.to_disk(tmp_path / "model")
        wanted = extended(None, (), names_by(str(tmp_path / "model")))
        found = detect("Jane Roe, jane@example.com", wanted)
        assert [(find.type, find.start, find.end) for find in found] == [("name", 0, 8), ("email", 10, 26)]
        assert mask("Jane Roe, jane@example.com", wanted).text == "[name], [email]"

"""Names and places by Presidio's analyzer, with any spaCy model that is installed or lies in a folder."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from ephor.kernel.errors import NotFoundError, UnavailableError
from ephor.rooms.pii.model import Find
from ephor.rooms.pii.plugins import Finder

_TYPES = {"PERSON": "name", "LOCATION": "address", "NRP": "free_text"}
_LANGUAGE = "en"


def names_by(model: str) -> Finder:
    """Return what finds names, places and groups in text by the spaCy model *model*: an installed package, or a folder.

    Nothing is fetched from a network.

    Raises:
        UnavailableError: Presidio is not installed.
        NotFoundError: there is no such model.
    """
    try:
        from presidio_analyzer import AnalyzerEngine, RecognizerRegistry  # noqa: PLC0415 - an extra, and very slow to load
        from presidio_analyzer.nlp_engine import SpacyNlpEngine  # noqa: PLC0415
        from presidio_analyzer.predefined_recognizers import SpacyRecognizer  # noqa: PLC0415
    except ImportError as error:
        raise UnavailableError("names need Presidio; install `ephor[ner]` and a spaCy model") from error
    if not Path(model).is_dir() and (not model.isidentifier() or find_spec(model) is None):
        raise NotFoundError(f"there is no spaCy model `{model[:60]}`; install one, or name its folder")
    engine = SpacyNlpEngine(models=[{"lang_code": _LANGUAGE, "model_name": model}])
    engine.load()
    registry = RecognizerRegistry(recognizers=[SpacyRecognizer(supported_language=_LANGUAGE)])
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=[_LANGUAGE])

    def finder(text: str) -> Iterable[Find]:
        sound = (
            text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if not text.isascii() else text
        )
        found = analyzer.analyze(sound, language=_LANGUAGE, entities=list(_TYPES))
        return [
            Find(one.start, one.end, _TYPES[one.entity_type], min(100, max(1, round(one.score * 100))))
            for one in found
            if one.end > one.start
        ]

    return finder

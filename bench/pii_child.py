"""Runs in the environment of Presidio and scrubadub and drives them: pattern recognizers only, no language model."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any

from children import serve, took


@cache
def recognizers() -> list[Any]:
    """Return Presidio's predefined pattern recognizers for English."""
    from presidio_analyzer import PatternRecognizer, RecognizerRegistry  # noqa: PLC0415 - in the other environment only

    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    return [one for one in registry.recognizers if isinstance(one, PatternRecognizer)]


@cache
def scrubber() -> Any:
    import scrubadub  # noqa: PLC0415 - in the other environment only

    return scrubadub.Scrubber()


def presidio(text: str) -> dict[str, float]:
    found = recognizers()
    return took(lambda: [one.analyze(text, one.supported_entities, None) for one in found])


def scrubadub(text: str) -> dict[str, float]:
    tool = scrubber()
    return took(lambda: list(tool.iter_filth(text)))


if __name__ == "__main__":
    serve(
        {
            "presidio": presidio,
            "scrubadub": scrubadub,
            "versions": lambda: {name: version(name) for name in ("presidio-analyzer", "scrubadub")},
        }
    )

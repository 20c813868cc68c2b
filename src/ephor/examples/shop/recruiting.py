"""Ranks application texts by the weighted words of a job: no model, and every point can be counted by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from .database import ShopError

_LARGEST = 1 << 20


def cv_rank(cvs_folder: str | Path, job: str | Path) -> dict[str, object]:
    """Return the ``.txt`` files of *cvs_folder* ranked for *job*, best first, with the words that earned the points.

    *job* is a JSON file: ``{"title": ..., "keywords": {word: points}}``. A word counts once, as a whole word, in any
    case. The score is the percentage of all points. Equal scores share a rank and are listed by file name.

    Raises:
        ShopError: no such folder or job, no application in it, or a file that is not text.
    """
    title, keywords = _read_job(Path(job))
    files = sorted(Path(cvs_folder).glob("*.txt"))
    if not files:
        raise ShopError(f"there are no applications (`*.txt`) in `{cvs_folder}`")
    total = sum(keywords.values())
    scored = [(_found(_read(file), keywords), file.name) for file in files]
    points = [(sum(keywords[word] for word in words), words, name) for words, name in scored]
    points.sort(key=lambda one: (-one[0], one[2]))
    ranking = [
        {
            "rank": 1 + sum(other[0] > earned for other in points),
            "application": name,
            "score_percent": 100 * earned // total,
            "found": words,
            "missing": [word for word in keywords if word not in words],
        }
        for earned, words, name in points
    ]
    return {"job": title, "ranking": ranking}


def _found(text: str, keywords: Mapping[str, int]) -> list[str]:
    return [word for word in keywords if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE)]


def _read_job(file: Path) -> tuple[str, dict[str, int]]:
    try:
        job = json.loads(_read(file))
        title, keywords = job["title"], job["keywords"]
    except (ValueError, KeyError, TypeError) as error:
        raise ShopError(
            f"`{file}` is not a job; it needs a title and keywords with points, as JSON"
        ) from error
    sound = isinstance(title, str) and isinstance(keywords, dict) and keywords
    if not sound or not all(type(points) is int and points > 0 for points in keywords.values()):
        raise ShopError(f"the keywords of `{file}` must each have a positive whole number of points")
    return title, keywords


def _read(file: Path) -> str:
    try:
        if file.stat().st_size > _LARGEST:
            raise ShopError(f"`{file}` is larger than {_LARGEST} bytes")
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ShopError(f"cannot read `{file}` as text") from error

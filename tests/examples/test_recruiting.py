"""The ranking of applications is what anyone can count by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ephor.examples.files import copy_to
from ephor.examples.shop.database import ShopError
from ephor.examples.shop.recruiting import cv_rank


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy_to(tmp_path)
    return tmp_path / "recruiting-ranker"


def ranking(cvs: Path, job: Path) -> list[dict[str, Any]]:
    found = cv_rank(cvs, job)["ranking"]
    assert isinstance(found, list)
    return found


def write(folder: Path, keywords: object, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    (folder / "job.json").write_text(json.dumps({"title": "Job", "keywords": keywords}), encoding="utf-8")
    return folder / "job.json"


def test_the_shipped_applications_rank_as_published(folder: Path) -> None:
    found = ranking(folder / "cvs", folder / "job.json")
    assert [(one["rank"], one["application"], one["score_percent"]) for one in found] == [
        (1, "application-01.txt", 95),
        (2, "application-02.txt", 50),
        (2, "application-05.txt", 50),
        (4, "application-03.txt", 45),
        (5, "application-04.txt", 35),
    ]


def test_every_score_follows_from_the_words_it_names(folder: Path) -> None:
    points: Mapping[str, int] = json.loads((folder / "job.json").read_text(encoding="utf-8"))["keywords"]
    for one in ranking(folder / "cvs", folder / "job.json"):
        text = (folder / "cvs" / one["application"]).read_text(encoding="utf-8").lower()
        assert one["score_percent"] == 100 * sum(points[word] for word in one["found"]) // sum(
            points.values()
        )
        assert all(word.lower() in text for word in one["found"])
        assert not any(word.lower() in text for word in one["missing"])
        assert sorted(one["found"] + one["missing"]) == sorted(points)


def test_a_word_counts_once_whole_and_in_any_case(tmp_path: Path) -> None:
    job = write(tmp_path, {"C++": 1, "go": 1}, a="GO go c++!", b="Golang, cargo, c+ +")
    assert [one["score_percent"] for one in ranking(tmp_path, job)] == [100, 0]


def test_a_keyword_is_a_word_and_not_a_pattern(tmp_path: Path) -> None:
    job = write(tmp_path, {".*": 1}, a="anything")
    assert ranking(tmp_path, job)[0]["found"] == []


@pytest.mark.parametrize("keywords", [{}, {"a": 0}, {"a": -1}, {"a": True}, {"a": "3"}, ["a"], None, "a"])
def test_a_job_without_sound_points_is_refused(tmp_path: Path, keywords: object) -> None:
    with pytest.raises(ShopError, match="points"):
        cv_rank(tmp_path, write(tmp_path, keywords, a="text"))


@pytest.mark.parametrize("text", ["", "[]", "{}", "3", "{not json"])
def test_a_file_that_is_no_job_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "job.json").write_text(text)
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(ShopError, match="not a job"):
        cv_rank(tmp_path, tmp_path / "job.json")


def test_no_applications_or_one_that_is_not_text_is_refused(tmp_path: Path) -> None:
    job = write(tmp_path, {"a": 1})
    with pytest.raises(ShopError, match="no applications"):
        cv_rank(tmp_path, job)
    (tmp_path / "picture.txt").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(ShopError, match="as text"):
        cv_rank(tmp_path, job)
    with pytest.raises(ShopError, match="as text"):
        cv_rank(tmp_path, tmp_path / "lost.json")


def test_no_application_names_a_real_address(folder: Path) -> None:
    for file in (folder / "cvs").glob("*.txt"):
        addresses = re.findall(r"\S+@(\S+)", file.read_text(encoding="utf-8"))
        assert [one.rstrip(",") for one in addresses] in (["example.org"], ["example.com"], ["example.net"])

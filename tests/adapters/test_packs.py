"""Packs are found by name or path, read whole, and refused with the file and the place."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import ephor.packs
from ephor.adapters import packs
from ephor.kernel.errors import InvalidInputError, NotFoundError

SHELF = Path(ephor.packs.__file__).parent


@pytest.fixture
def folder(tmp_path):
    """A stranger's copy of a bundled pack."""
    return Path(shutil.copytree(SHELF / "eu-ai-act", tmp_path / "eu-ai-act"))


def test_a_copy_of_a_pack_has_the_same_digest(folder):
    assert packs.load(folder).digest == packs.load(str(folder)).digest == packs.load("eu-ai-act").digest


def test_comments_and_file_layout_do_not_change_the_digest(folder):
    (folder / "scope.yaml").write_bytes(b"# a remark\n" + (folder / "scope.yaml").read_bytes())
    (folder / "scope.yaml").rename(folder / "a-scope.yml")
    assert packs.load(folder).digest == packs.load("eu-ai-act").digest


def test_cases_are_not_part_of_the_digest(folder):
    shutil.rmtree(folder / "cases")
    assert packs.load(folder).digest == packs.load("eu-ai-act").digest
    assert packs.cases(folder) == ()


def test_the_cases_of_a_copy_are_those_of_the_pack(folder):
    assert packs.cases(folder) == packs.cases("eu-ai-act")
    assert len(packs.cases(folder)) >= 80


@pytest.mark.parametrize("name", ["eu-ai", "", "..", "manifest", "EU-AI-ACT", "eu-ai-act\x00"])
def test_an_unknown_name_is_not_found_and_the_known_ones_are_listed(name):
    with pytest.raises(NotFoundError, match="eu-ai-act"):
        packs.load(name)


def test_a_folder_without_a_pack_is_not_found(tmp_path):
    with pytest.raises(NotFoundError, match=r"pack\.yaml"):
        packs.load(tmp_path)
    with pytest.raises(NotFoundError, match=r"pack\.yaml"):
        packs.cases(f"{tmp_path}/nowhere")


def test_a_section_in_two_files_is_refused(folder):
    (folder / "more.yaml").write_text("least: [domain]\n")
    with pytest.raises(
        InvalidInputError, match=r"section `least` of `pack\.yaml` stands in another file too"
    ):
        packs.load(folder)


def test_a_pack_under_another_name_is_refused(folder):
    with pytest.raises(InvalidInputError, match="name both alike"):
        packs.load(folder.rename(folder.parent / "us-act"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("terms: {a: &x {domain: it}}", r"pack file `zz\.yaml`: line 1, column 12: anchor"),
        ("- a\n- b", "holds no sections"),
        ("a: 1\na: 2", "repeats"),
        ("a: !!python/name:os.system", "tag"),
        ("novelty: []", "pack `eu-ai-act`: unknown field `novelty`"),
        ("", "holds no sections"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(folder, text, says):
    (folder / "zz.yaml").write_text(text)
    with pytest.raises(InvalidInputError, match=says):
        packs.load(folder)


def test_a_huge_file_is_refused_without_reading_it_all(folder):
    with (folder / "zz.yaml").open("wb") as file:
        file.truncate(1 << 32)
    with pytest.raises(InvalidInputError, match="at most 1048576"):
        packs.load(folder)


def test_a_link_out_of_the_folder_is_refused(folder, tmp_path):
    (tmp_path / "secret.yaml").write_text("least: [domain]")
    (folder / "zz.yaml").symlink_to(tmp_path / "secret.yaml")
    with pytest.raises(InvalidInputError, match="is a link"):
        packs.load(folder)


def test_a_linked_folder_of_cases_is_refused(folder, tmp_path):
    (folder / "cases").rename(tmp_path / "elsewhere")
    (folder / "cases").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidInputError, match="is a link"):
        packs.cases(folder)


def test_too_many_files_are_refused(folder):
    for number in range(packs.MAX_FILES):
        (folder / f"x{number}.yaml").write_text("")
    with pytest.raises(InvalidInputError, match="at most 100"):
        packs.load(folder)


def test_a_case_file_that_cannot_be_read_is_named(folder):
    (folder / "cases" / "zz.yaml").write_text("cases:\n  - name: x\n    name: y\n")
    with pytest.raises(InvalidInputError, match=r"zz\.yaml.*line 3"):
        packs.cases(folder)


def test_a_folder_that_is_too_large_is_not_read(folder, monkeypatch):
    monkeypatch.setattr(packs, "MAX_BYTES", 10_000)
    with pytest.raises(InvalidInputError, match="at most 10000 are read"):
        packs.load(folder)
    with pytest.raises(InvalidInputError, match="at most 10000 are read"):
        packs.cases(folder)


def test_a_pipe_or_a_folder_among_the_files_is_passed_over(folder):
    os.mkfifo(folder / "zz.yaml")
    (folder / "yy.yaml").mkdir()
    assert packs.load(folder).digest == packs.load("eu-ai-act").digest


@pytest.mark.parametrize(
    "text",
    [
        'applies: {cite: a, title: t, when: {nobody: true}}',
        'applies: {cite: a, title: t, when: {domain: it}, also: b}',
        'role_changes: [{article: a, title: t, becomes: provider, when: {domain: [moon]}}]',
        'grace: [{article: a, title: t, when: {domain: it}, of: [eu-ai-act/nothing]}]',
        'grace: [{article: a, title: t, when: {domain: it}, of: [with-class], until: soon}]',
        'penalties: [{cite: a, title: t, when: {domain: it}, rule: harsh, in_force: 2026-01-01, verified: oj}]',
        'penalties: [{cite: a, title: t, when: {domain: it}, eur: -1, rule: higher, in_force: 2026-01-01, verified: oj}]',
        'penalties: [{cite: a, title: t, when: {domain: it}, eur: "1", rule: higher, in_force: 2026-01-01, verified: oj}]',
        'crosswalks: [{here: gdpr/access, there: gdpr/access, relation: covers, because: b}]',
        'crosswalks: [{here: eu-ai-act/fria, there: gdpr/dpia, relation: equal, because: b}]',
        'crosswalks: [{here: eu-ai-act/fria, there: "../../etc/passwd", relation: covers}]',
        'crosswalks: 7',
    ],
)  # fmt: skip
def test_what_follows_from_an_obligation_is_read_strictly(folder, text):
    (folder / "consequences.yaml").unlink()
    section = text.partition(":")[0]
    pack = (folder / "pack.yaml").read_text()
    if section == "applies":
        (folder / "pack.yaml").write_text(pack[: pack.index("applies:\n")])
    (folder / "zz.yaml").write_text(text + "\n")
    with pytest.raises(InvalidInputError, match="pack `eu-ai-act`"):
        packs.load(folder)

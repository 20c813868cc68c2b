"""An interview keeps each answer at once and goes on where it stopped; what people wrote around the facts stays."""

from datetime import date
from types import SimpleNamespace

import pytest

from ephor.adapters import files
from ephor.adapters.packs import BundledPacks
from ephor.edges.cli import classify
from ephor.edges.cli.app import run
from ephor.edges.cli.interview import interview
from ephor.edges.cli.interview_file import AnswerFile
from ephor.engine.regulation import Law
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.regulation.classification import Category
from ephor.rooms.regulation.classify import classify as judge

HANDS = SimpleNamespace(
    read_bytes=files.read_bytes,
    read_yaml=files.read_mapping,
    new_file=files.new_file,
    replace_file=files.replace_file,
    law=Law(BundledPacks()),
    today=lambda: date(2026, 11, 28),
    person="eve",
)


@pytest.fixture
def asked(monkeypatch):
    """Put somebody at a terminal; give them answers, one after the other, and Ctrl-C after the last."""
    monkeypatch.setattr(classify, "refuse_without_terminal", lambda: None)

    def sit(*answers):
        left = list(answers)

        def answer(_question):
            if not left:
                raise KeyboardInterrupt
            return left.pop(0)

        monkeypatch.setattr(classify, "_answer", answer)

    return sit


@pytest.fixture
def ephor(tmp_path, monkeypatch, capsysbinary):
    monkeypatch.chdir(tmp_path)

    def call(*words):
        code = run(list(words), HANDS)
        said = capsysbinary.readouterr()
        return code, said.out.decode(), said.err.decode()

    return call


def test_what_was_answered_before_ctrl_c_is_in_the_file_and_is_not_asked_again(asked, ephor, tmp_path):
    asked("grading", "education")
    code, _, err = ephor("classify", "f.yaml", "--interview")
    assert code == 130
    assert "what was answered is in `f.yaml`" in err
    text = (tmp_path / "f.yaml").read_text()
    assert text.endswith("facts:\n  function: grading\n  domain: education\n")
    asked("students")
    code, _, err = ephor("classify", "f.yaml", "--interview")
    assert (code, "2 facts of `f.yaml` stay" in err, "function:" in err) == (130, True, False)
    assert (tmp_path / "f.yaml").read_text() == text + "  subjects: [students]\n"


def test_whoever_knows_nothing_and_stops_leaves_no_file_and_who_ends_leaves_one(asked, ephor, tmp_path):
    asked()
    assert ephor("classify", "f.yaml", "--interview")[0] == 130
    assert not (tmp_path / "f.yaml").exists()
    asked(*["?"] * 200)
    assert ephor("classify", "f.yaml", "--interview")[0] == 0
    assert (tmp_path / "f.yaml").read_text().endswith("facts:\n  {}\n")
    asked("rules")
    assert ephor("classify", "f.yaml", "--interview", "--json")[0] in (0, 130)
    assert "function: rules" in (tmp_path / "f.yaml").read_text()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "# ours\nschema: ephor/1\nfacts:\n    domain: finance   # as sold\n    profiling: unknown\n\n    # more\nowner: eve\n",
            "# ours\nschema: ephor/1\nfacts:\n    domain: finance   # as sold\n    profiling: true\n\n    # more\nowner: eve\n",
        ),
        ("owner: eve\n", "owner: eve\nfacts:\n  profiling: true\n"),
        ("facts: {}\nowner: eve", "facts:\n  profiling: true\nowner: eve\n"),
        (
            "facts:\n  subjects:\n    - workers\n    - users\ntools: []\n",
            "facts:\n  subjects:\n    - workers\n    - users\n  profiling: true\ntools: []\n",
        ),
        (
            "use_case: credit_scoring\n",
            "use_case: credit_scoring\nfacts:\n  use_case: credit_scoring\n  profiling: true\n",
        ),
    ],
)
def test_one_answer_changes_one_line(tmp_path, before, after):
    path = tmp_path / "f.yaml"
    path.write_text(before)
    AnswerFile(HANDS, str(path)).keep("profiling", True)
    assert path.read_text() == after


def test_a_file_that_cannot_be_gone_on_with_is_refused_before_anybody_is_asked_and_stays(tmp_path):
    for text, word in (
        ("facts: {domain: finance}\n", "one line"),
        ("facts:\n  domain: finance\ncomplete: true\n", "complete"),
        ("facts:\n  domain: finance\n  complete: true\n", "complete"),
    ):
        path = tmp_path / "f.yaml"
        path.write_text(text)
        with pytest.raises(InvalidInputError, match=word):
            AnswerFile(HANDS, str(path))
        assert path.read_text() == text


def test_stopped_after_every_answer_it_comes_to_the_same_facts_as_without_a_stop(tmp_path):
    pack, on = BundledPacks().load("eu-ai-act"), date(2026, 11, 28)
    replies = {
        "function": "credit_scoring", "domain": "finance", "subjects": "borrowers", "deployer": "private",
        "by_or_for_authority": "no", "context": "online", "biometric": "none", "techniques": "none of them",
        "significant_harm": "no", "score_over_time": "no", "detrimental_treatment": "no", "profiling": "yes",
    }  # fmt: skip

    def hold(stop):
        path = str(tmp_path / f"{stop}.yaml")
        while True:
            answers, heard, now = AnswerFile(HANDS, path), [], []

            def ask(_question, now=now, heard=heard):
                heard.append(1)
                if stop and len(heard) > 1:
                    raise KeyboardInterrupt
                return replies.get(now[-1], "?")

            def say(text, now=now):
                name = text.partition(":")[0]
                now += [name] if name in pack.vocabulary else []

            size = len(answers.stated)
            try:
                interview(pack, on, ask=ask, say=say, known=answers.stated, keep=answers.keep)
            except KeyboardInterrupt:
                if len(answers.stated) > size:
                    continue
            return dict(AnswerFile(HANDS, path).stated)

    whole = hold(stop=False)
    stopped = hold(stop=True)
    assert stopped.items() <= whole.items()
    assert len(stopped) >= 4
    assert judge(pack, whole, on).at_least in (Category.HIGH, None)

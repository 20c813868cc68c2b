"""What the pages tell you to type works, and prints what they say it prints.

A ```console block holds commands after `$ ` and, below each, lines of its output in order; `…` stands for anything.
A command that fails on purpose ends in `# exit N`. `apr_…` in a command is the id of that kind shown last. A ```yaml or
```python block whose first line is `# name` is that file. Blocks in ```sh and ```text are not run.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUN = ["README.md", "docs/tutorial.md"]
ON_THE_DEMO = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs" / "how-to").glob("*.md"))
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_ID = re.compile(r"\b([a-z]{3,5})_(?:[0-9a-f]{32})\b")
_EXIT = re.compile(r"#.*\bexit (\d+)$")


class Warm:
    """A process that has Ephor imported, and starts a child for each command."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "warm.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "LANG": "C.UTF-8", "PYTHONUTF8": "1"},
        )

    def run(self, words: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, str]:
        assert self._process.stdin
        assert self._process.stdout
        output = folder.parent / f"{folder.name}.output"
        asked = {"words": words, "folder": str(folder), "environment": environment, "output": str(output)}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline()), output.read_text(encoding="utf-8")

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    process = Warm()
    yield process
    process.close()


@dataclass
class Reader:
    """Somebody who types what a page says, in a folder of their own."""

    warm: Warm
    folder: Path
    environment: dict[str, str]
    shown: dict[str, str] = field(default_factory=dict)

    def follow(self, text: str) -> int:
        """Do every step of a page; return how many commands were run."""
        done = 0
        for kind, body in _FENCE.findall(text):
            first, _, rest = body.partition("\n")
            if named := re.fullmatch(r"(?:#|//) ((?:[\w-]+/)*[\w.-]+\.(?:ya?ml|py|cedar))", first):
                file = self.folder / named[1]
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(rest, encoding="utf-8")
            elif kind == "console":
                for command, promised in _steps(body):
                    self.type(command, promised)
                    done += 1
        return done

    def type(self, command: str, promised: list[str]) -> None:
        if named := re.fullmatch(r"export (\w+)=(\S+)", command):
            self.environment[named[1]] = named[2]
            return
        typed = re.sub(r"\b([a-z]{3,5})_…", lambda found: self.shown[found[1]], command)
        code, output = self._run(typed)
        expected = int(found[1]) if (found := _EXIT.search(command)) else 0
        assert code == expected, f"$ {typed}\n{output}"
        for found in _ID.finditer(output):
            self.shown[found[1]] = found[0]
        assert_told(promised, output, typed)

    def _run(self, typed: str) -> tuple[int, str]:
        """Run a command as bash would; one that needs no shell is run by a process that is warm already."""
        if typed.startswith("ephor ") and not set(typed) & set("|<>&;$`"):
            return self.warm.run(shlex.split(typed, comments=True)[1:], self.folder, self.environment)
        done = subprocess.run(
            ["bash", "-c", typed],
            cwd=self.folder,
            env=self.environment,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        return done.returncode, done.stdout


def _steps(body: str) -> Iterator[tuple[str, list[str]]]:
    command, promised = "", list[str]()
    for line in body.replace("\\\n", "").splitlines():
        if line.startswith("$ "):
            if command:
                yield command, promised
            command, promised = re.sub(r"\s+", " ", line[2:]).strip(), []
        else:
            promised.append(line)
    if command:
        yield command, promised


def assert_told(promised: list[str], output: str, command: str) -> None:
    """Check that each promised line comes, in this order; the page may leave lines out."""
    lines = iter([" ".join(line.split()) for line in output.splitlines()])
    for line in (" ".join(one.split()) for one in promised):
        if line and line != "…":
            pattern = re.compile(".*".join(re.escape(part) for part in line.split("…")))
            assert any(pattern.fullmatch(told) for told in lines), (
                f"$ {command}\nno line `{line}` in:\n{output}"
            )


def reader_in(folder: Path, warm: Warm) -> Reader:
    bin = Path(sys.executable).parent
    keep = {"LANG": "C.UTF-8", "HOME": str(folder), "EPHOR_PERSON": "ada"}
    return Reader(warm, folder, {**keep, "PATH": f"{bin}{os.pathsep}{os.environ['PATH']}"})


@pytest.mark.parametrize("page", RUN)
def test_a_page_that_starts_from_nothing_works_as_written(page: str, warm: Warm, tmp_path: Path) -> None:
    assert reader_in(tmp_path, warm).follow((ROOT / page).read_text(encoding="utf-8")) > 5


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Path:
    """A folder in which the demo was told once."""
    folder = tmp_path_factory.mktemp("told")
    reader_in(folder, warm).type("ephor demo --keep story", [])
    return folder


@pytest.mark.parametrize("page", ON_THE_DEMO)
def test_a_page_about_the_demos_plane_works_as_written(
    page: str, told: Path, warm: Warm, tmp_path: Path
) -> None:
    subprocess.run(["cp", "-a", str(told / "story"), str(tmp_path)], check=True)
    text = (ROOT / page).read_text(encoding="utf-8")
    assert "export EPHOR_DATABASE=sqlite:///story/ephor.db" in text
    assert reader_in(tmp_path, warm).follow(text) > 2


def test_a_promised_line_that_does_not_come_is_noticed() -> None:
    assert_told(["one …", "…", "three"], "one 1\ntwo\nthree\n", "count")
    with pytest.raises(AssertionError, match="no line `four`"):
        assert_told(["four"], "one 1\ntwo\nthree\n", "count")
    with pytest.raises(AssertionError, match="no line `one 1`"):
        assert_told(["three", "one 1"], "one 1\ntwo\nthree\n", "count")


PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_task_that_a_page_names_is_one_of_dev_py() -> None:
    known = set(re.findall(r'^    "(\w+)": \[', (ROOT / "dev.py").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"demo", "test", "check", "bench", "run"} <= known
    for page in PAGES:
        named = re.findall(r"python3 dev\.py (\w+)", page.read_text(encoding="utf-8"))
        assert set(named) <= known, page.name


def test_every_ephor_command_that_a_page_names_exists() -> None:
    import typer  # noqa: PLC0415

    from ephor.edges.cli.app import app  # noqa: PLC0415 - only this test looks into the commands

    root = typer.main.get_command(app)
    for page in PAGES:
        if page.name in ("guide-map.md",):
            continue  # names what is to come, and has a test of its own
        for line in re.findall(r"`(ephor [a-z][^`]*)`", page.read_text(encoding="utf-8")):
            node = root
            for word in line.split()[1:]:
                if not hasattr(node, "commands") or word == "…":
                    break
                assert word in node.commands, f"{page.name} names `{line}`"
                node = node.commands[word]

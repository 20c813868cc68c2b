"""The examples are found in the package, and a copy of them stands on its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ephor.examples.files import copy_to, names, path
from ephor.kernel.errors import InvalidInputError, NotFoundError, UnavailableError


def test_every_example_is_found_by_its_name() -> None:
    assert "support-assistant/ephor.yaml" in names()
    assert all(path(name).is_file() for name in names())
    assert path("shop").is_dir()


def test_names_are_sorted_and_leave_out_what_is_not_an_example() -> None:
    assert list(names()) == sorted(names(), key=lambda name: name.split("/"))
    assert not [name for name in names() if "__pycache__" in name or name in ("files.py", "__init__.py")]


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "../kernel/errors.py", "shop/../../settings.py", "..", "shop\\x"]
)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="inside the examples"):
        path(name)


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(NotFoundError, match="shop/ropa\\.yaml"):
        path("shop/nothing.yaml")


def test_a_copy_holds_the_same_bytes(tmp_path: Path) -> None:
    written = copy_to(tmp_path / "mine")
    assert [str(one.relative_to(tmp_path / "mine")) for one in written] == list(names())
    assert all((tmp_path / "mine" / name).read_bytes() == path(name).read_bytes() for name in names())


def test_a_second_copy_keeps_edits_and_brings_back_what_is_missing(tmp_path: Path) -> None:
    copy_to(tmp_path)
    (tmp_path / "shop/ropa.yaml").write_text("mine")
    (tmp_path / "shop/roles.yaml").unlink()
    assert copy_to(tmp_path) == (tmp_path / "shop/roles.yaml",)
    assert (tmp_path / "shop/ropa.yaml").read_text() == "mine"
    assert copy_to(tmp_path) == ()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UnavailableError, match="cannot write"):
        copy_to(tmp_path / "file")


def test_the_copied_shop_works_without_ephor(tmp_path: Path) -> None:
    copy_to(tmp_path)
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from shop.database import create_shop\n"
        "from shop.shop import Shop\n"
        "import shop.script, shop.recruiting\n"
        "create_shop(Path('shop.db'))\n"
        "print(Shop(Path('shop.db'), Path('outbox')).customer_lookup(7)['name'])\n"
        "foreign = {name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names) - {'shop', '__main__'}\n"
        "assert not foreign, foreign\n"
    )
    # -S and -E: no site packages and no path from outside, so nothing but the standard library is there to import.
    start = [sys.executable, "-S", "-E", "-c", "import sys; sys.path.insert(0, '.')\n" + program]
    done = subprocess.run(start, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)
    assert (done.stdout, done.stderr) == ("Marit Eksempelsen\n", "")

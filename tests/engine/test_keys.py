"""Keys of a plane in memory: there is nothing to list, and nothing to rotate."""

from __future__ import annotations

import pytest

from ephor.engine.plane import Engine
from ephor.kernel.errors import ConflictError, InvalidInputError


def test_a_plane_in_memory_has_keys_that_do_not_rotate(engine: Engine) -> None:
    before = engine.ledger.head()
    assert engine.keys.list() == []
    for rotate in (engine.keys.rotate_signing, engine.keys.rotate_wrapping):
        with pytest.raises(ConflictError, match="in memory do not rotate"):
            rotate("x", by="ada")
        with pytest.raises(InvalidInputError, match="needs a reason"):
            rotate(" ", by="ada")
    with pytest.raises(ConflictError, match="every data subject would have another name"):
        engine.keys.rotate_pseudonym()
    assert engine.ledger.head() == before

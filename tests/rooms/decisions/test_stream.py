"""Text in pieces is masked as the whole text is: wherever the borders lie, nothing that would be masked comes out."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ephor.rooms.decisions import stream
from ephor.rooms.decisions.stream import MaskedBytes, MaskedText
from ephor.rooms.pii.detect import detect
from ephor.rooms.pii.mask import mask
from rooms.pii.samples import POSITIVE

SECRETS = [
    "jane.roe@example.com",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "+1 202 555 0143",
    "passport number: X12345678",
    "password = hunter2hunter2",
    "41\u200b11\u200b 1111 1111 1111",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
]
KEY = "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0B\n" * 80 + "-----END PRIVATE KEY-----"
FILLER = "the quick brown fox jumps over the lazy dog and then some more words "


SAMPLES = [text for texts in POSITIVE.values() for text in texts]


def streamed(text, sizes):
    one, out, at = MaskedText(), [], 0
    for size in sizes:
        out.append("".join(one.feed(text[at : at + size])))
        at += size
    return [*out, "".join(one.feed(text[at:])), "".join(one.finish())]


def story(parts):
    return " ".join(FILLER * repeat + secret for repeat, secret in parts) + " " + FILLER * 20


@pytest.mark.parametrize("secret", [*SECRETS, KEY])
@pytest.mark.parametrize("size", [1, 7, 300, 5000])
def test_what_lies_across_a_border_is_found(secret, size):
    for before in (0, 3, 11):
        text = story([(before, secret), (11, secret)])
        pieces = streamed(text, [size] * (len(text) // size))
        assert "".join(pieces) == mask(text).text
        assert not detect("".join(pieces))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.sampled_from(SECRETS)), max_size=6),
    st.lists(st.integers(1, 900), max_size=30),
)
def test_however_it_is_cut_it_is_masked_as_a_whole(parts, sizes):
    text = story(parts)
    assert "".join(streamed(text, sizes)) == mask(text).text


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=400), max_size=12))
def test_any_text_comes_out_with_nothing_left_to_find(pieces):
    one = MaskedText()
    came = [*(part for piece in pieces for part in one.feed(piece)), *one.finish()]
    out = "".join(came)
    assert len(came) == len(pieces)
    assert not detect(out) or mask(out).text == out
    if not detect("".join(pieces)):
        assert came == pieces


def test_long_text_comes_out_before_its_end():
    pieces = streamed(FILLER * 60, [50] * 60)
    assert sum(map(bool, pieces)) > 5
    assert len("".join(pieces[:-1])) > 1000


def test_a_value_that_never_ends_is_held_and_in_the_end_refused(monkeypatch):
    monkeypatch.setattr(stream, "MAX_HELD", 10_000)
    one = MaskedText()
    with pytest.raises(Exception, match="without an end"):
        for _ in range(200):
            assert one.feed("x" * 100) == []


def test_only_the_types_wanted_are_masked():
    one = MaskedText(frozenset({"credit_card"}))
    assert one.feed("jane@example.com 4111 1111 1111 1111") == []
    assert one.finish() == ["jane@example.com [credit_card]"]


@pytest.mark.parametrize("size", [1, 2, 5])
def test_bytes_are_text_in_pieces_and_what_is_no_text_passes(size):
    data = "Grüße, 日本, jane@example.com ".encode() + b"\xff\xfe\x00 end \xc3"
    one = MaskedBytes()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    out = b"".join([*(part for piece in pieces for part in one.feed(piece)), *one.finish()])
    assert out == data.replace(b"jane@example.com", b"[email]")


def test_pieces_stay_pieces_and_a_mask_stands_where_its_value_began():
    pieces = ["one", "", "two 4111 11", "11 1111", " 1111 three ", "four"]
    for filler in (0, 30):
        one = MaskedText()
        given = [*[FILLER] * filler, *pieces, *[FILLER] * filler]
        came = [*(part for piece in given for part in one.feed(piece)), *one.finish()]
        assert came[filler : filler + 6] == ["one", "", "two [credit_card]", "", " three ", "four"]
        assert came[:filler] == came[filler + 6 :] == [FILLER] * filler


def test_every_sample_of_every_type_is_masked_as_in_one_piece():
    for start in range(0, len(SAMPLES), 40):
        text = "".join(f"{sample}\n{FILLER}\n" for sample in SAMPLES[start : start + 40])
        assert "".join(streamed(text, [11] * (len(text) // 11))) == mask(text).text

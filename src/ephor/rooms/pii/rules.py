"""How one type is looked for: a cheap trigger for the set, an exact pattern, and a judge of what the pattern found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import re2

from ephor.rooms.pii.model import Find

Verdict = tuple[int, int, int]
"""Confidence in percent, start and end; with no confidence: nothing up to that end."""
Judge = Callable[[bytes, int, int], "Verdict | None"]

TIGHT = (
    r"(?i:[\s:=#\"'(\[,.?\xfe>\-]|\b(?:is|was|it|n|no|nr|num|number|numbers|id|ids|code|of|the|me|him|us|them|my|her|his|their|your|"
    r"for|on|at|to|new|as|value|patient|member|client|customer|card|record|policy|plan|registration|account|acct|key|token|"
    r"plate|u\.s\.|uk|us|ist|lautet|war|unter|am|der|die|das|mich|uns|sie|bitte|est|le|la|les|du|de|des|au|aux|moi|nous|numero|es|el|del|al|en|mi|su|o|a|"
    r"lo|il|mio|suo|per|op|naar|van|het|mij|me|mijn|pod|na|moj|do|den|det|mig|pa|till|til|e|para|por|meu|seu|em|don|din)\b|_(?:no|nr|num|number|id|code|value)\b){0,8}?"
)
"""What may stand between a word and an unchecked value: punctuation and filler, in the languages whose words are known."""
WIDE = r"[^0-9\n\x00]{0,40}?"
"""What may stand between a word and a value with a check digit."""

_NUMBERED = re.compile(
    rb"(?<![a-z])(?:order|invoice|ticket|tracking|nhs|part|sku|item|model|serial|isbn|issn|ean|upc|gtin|version|release|build|case|article|product|parcel|shipment|"
    rb"reference|ref|po|batch|lot|commit|revision|transaction|confirmation|voucher|seed|timestamp|ts|bestell\w{0,8}|auftrag\w{0,8}|rechnung\w{0,8}|"
    rb"artikel\w{0,8}|kunden\w{0,8}|sendung\w{0,8}|vorgang\w{0,8}|aktenzeichen|commande|facture|colis|reference|pedido|factura|albaran|ordine|fattura|"
    rb"spedizione|bestelling|factuur|klant\w{0,8}|zamowieni\w{1,2}|faktur\w|przesylk\w|bestallning\w{0,8}|ordernr|kundnr|encomenda|fatura|ordre)"
    rb"[\s:#.=_\"'\xfe-]{0,3}(?:number|numer|numero|num|no|nr|n|id|code)?[\s:#.=o\"'\xfe-]{0,4}$",
    re.IGNORECASE,
)
_ROW_BEFORE = re.compile(rb"\d[ \-]$")
_ROW_AFTER = re.compile(rb"[ \-]\d")
_CROWD = 200
"""After so many refusals side by side on one line, the rest of the line counts as what it looks like: see `scan`."""
_NEAR = 8
_SUSPECTED = 50


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to find one type. The value is the pattern's first group, or the whole match.

    *trigger* must match wherever *pattern* does: where it does not fire the pattern is never run.
    """

    type: str
    trigger: str
    pattern: str
    judge: Judge = field(repr=False)


def scan(pattern: str, rules: Sequence[Rule], data: bytes) -> Iterator[Find]:
    """Yield what each of *rules*, which share *pattern*, finds in folded *data*.

    A match that all refuse gives way to one that starts inside it, so that a number in front hides nothing;
    unless a judge says with no confidence how far there is nothing. Where hundreds of refused matches stand side by
    side on one line, the rest of that line is one find of little confidence: judging a megabyte of them one by one
    would take minutes, and passing over them would hide what stands among them.
    """
    search, group, anchor = _searcher(pattern)
    position, size, refused, reached = 0, len(data), 0, 0
    while (span := search(anchor, data, position, size)[group])[0] >= 0:
        start, end = span
        position = start + 1
        accepted = False
        for rule in rules:
            verdict = rule.judge(data, start, end)
            if verdict is not None:
                confidence, begin, stop = verdict
                position = max(position, stop)
                if confidence:
                    accepted = True
                    yield Find(begin, stop, rule.type, confidence)
        refused = refused + 1 if not accepted and start <= reached + _NEAR else 0
        reached = end
        if refused > _CROWD:
            refused = 0
            line = data.find(b"\n", start)
            until = line if line >= 0 else size
            if until - start > _CROWD * _NEAR:
                position = until
                yield Find(start, until, rules[0].type, _SUSPECTED)
        if position > size:
            return


@lru_cache(maxsize=512)
def _searcher(pattern: str) -> tuple[Callable[..., Any], int, Any]:
    # The wrapper around each match costs more than the match: its spans are asked for directly.
    exact = re2.compile(pattern.encode("latin-1"), options())
    return exact._regexp.Match, min(1, int(exact.groups)), re2._re2.RE2.Anchor.UNANCHORED  # noqa: SLF001


def options() -> re2.Options:
    """Return how every pattern here is read: bytes, silent, with room for its automaton."""
    chosen = re2.Options()
    chosen.encoding = re2.Options.Encoding.LATIN1
    chosen.log_errors = False
    chosen.max_mem = 64 << 20
    return chosen


def sure(confidence: int, check: Callable[[str], bool] | None = None) -> Judge:
    """Return a judge that believes what *check* accepts; it is given the value without spaces, dots, hyphens."""

    def judge(data: bytes, start: int, end: int) -> Verdict | None:
        if check is not None and not check(compact(data[start:end])):
            return None
        return confidence, start, end

    return judge


def apart(judge: Judge) -> Judge:
    """Return *judge* for values that are not part of a longer number, name, path or code."""

    def judged(data: bytes, start: int, end: int) -> Verdict | None:
        verdict = judge(data, start, end)
        return verdict if verdict and (not verdict[0] or stands_apart(data, verdict[1], verdict[2])) else None

    return judged


def alone(judge: Judge) -> Judge:
    """Return *judge* for groups of digits that are not part of a longer row of groups."""

    def judged(data: bytes, start: int, end: int) -> Verdict | None:
        verdict = judge(data, start, end)
        return (
            verdict
            if verdict
            and not (_ROW_BEFORE.search(data[max(0, start - 2) : start]) or _ROW_AFTER.match(data, end))
            else None
        )

    return judged


def unnumbered(judge: Judge) -> Judge:
    """Return *judge* for values that no word before them makes an order, part, version or ticket number."""

    def judged(data: bytes, start: int, end: int) -> Verdict | None:
        verdict = judge(data, start, end)
        return verdict if verdict and not numbered(data, start) else None

    return judged


def numbered(data: bytes, start: int) -> bool:
    """Say whether a word before *start* makes what follows an order, part, version or ticket number."""
    return _NUMBERED.search(data[max(0, start - 32) : start]) is not None


def worded(type_: str, words: str, value: str, judge: Judge, *, gap: str = WIDE, after: bool = False) -> Rule:
    """Return the rule that a *value* counts where one of *words* stands in front of it (or, with *after*, behind)."""
    word = rf"(?:\b|_)(?i:{words})"
    if after:
        return Rule(type_, word, rf"\b({value})\b[^0-9\n\x00]{{0,10}}?{word}\b", judge)
    return Rule(type_, word, rf"{word}(?:\b|_|s\b){gap}(?:\b|_)({value})(?:\b|\W|$)", judge)


def compact(value: bytes) -> str:
    """Return *value* as text in capitals without spaces, dots, hyphens and slashes."""
    return value.translate(None, b" .-+/\t()").decode("latin-1").upper()


def stands_apart(data: bytes, start: int, end: int) -> bool:
    """Say whether nothing joins the span to a longer number, name, path or code on either side."""
    return _free_before(data[max(0, start - 2) : start]) and _free_after(data[end : end + 2])


def _free_before(before: bytes) -> bool:
    if not before:
        return True
    last, farther = before[-1:], before[:-1]
    if last in b"._":  # the end of a sentence, or a name's last part; but not 1.2 or 1_2
        return not farther.isdigit()
    return not (last.isalnum() or (last in b"-/\\" and farther.isalnum()))


def _free_after(after: bytes) -> bool:
    if not after:
        return True
    first, farther = after[:1], after[1:]
    if first in b"._":
        return not farther.isdigit()
    return not (first.isalnum() or first == b"@" or (first in b"-/\\" and farther.isalnum()))

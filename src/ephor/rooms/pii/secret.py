"""Secrets that let someone act as a person: keys, tokens, passwords."""

from __future__ import annotations

import re

from ephor.rooms.pii.rules import Rule, Verdict, sure

_CODE = re.compile(rb"[A-Za-z_.]*[)\]}:|]*|[A-Za-z_.]+[(\[{].*|[<{$(\[].*|[*x.]+[)\]}]*")
_DIGIT = re.compile(rb"[0-9]")
_LETTER = re.compile(rb"[A-Za-z_\xff]")
_NAMED = r"api[ _\-]?key|apikey|access[ _\-]?token|auth[ _\-]?token|refresh[ _\-]?token|client[ _\-]?secret|secret[ _\-]?key|bearer"


def passphrase(data: bytes, start: int, end: int) -> Verdict | None:
    """Judge what a password is said to be: prose and code (`password: str`, `password = getenv(…)`) is none."""
    return None if _CODE.fullmatch(data[start:end]) else (72, start, end)


def token(data: bytes, start: int, end: int) -> Verdict | None:
    """Judge what is called a key or token: letters and digits both."""
    mixed = _DIGIT.search(data, start, end) and _LETTER.search(data, start, end)
    return (78 if mixed else 0), start, end


RULES = (
    Rule("aws_access_key", r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}", r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b", sure(96)),
    Rule("aws_secret_key", r"(?i:secret.?access.?key|aws.?secret)",
         r"(?i:secret.?access.?key|aws.?secret(?:.?key)?)[\s:=\"'is]{1,8}([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)", sure(96)),
    Rule("github_token", r"gh[pousr]_[A-Za-z0-9]{20}|github_pat_", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})\b", sure(97)),
    Rule("stripe_key", r"[srp]k_(?:live|test)_|whsec_", r"\b(?:[srp]k_(?:live|test)_[A-Za-z0-9]{10,255}|whsec_[A-Za-z0-9+/=]{16,255})", sure(96)),
    Rule("jwt", r"eyJ[A-Za-z0-9_\-]{5,}\.eyJ", r"\beyJ[A-Za-z0-9_\-]{5,}\.eyJ[A-Za-z0-9_\-]{5,}\.[A-Za-z0-9_\-]*", sure(97)),
    Rule("private_key", r"-----BEGIN [A-Z0-9 ]{0,24}PRIVATE KEY",
         r"-----BEGIN [A-Z0-9 ]{0,24}PRIVATE KEY(?: BLOCK)?-----(?:[^\-\x00]|-[^\-\x00])*(?:-----END [A-Z0-9 ]{0,24}PRIVATE KEY(?: BLOCK)?-----)?", sure(99)),
    Rule("api_key", r"xox[abeprs]-|AIza|sk-|glpat-|npm_|hf_|SG\.|ya29\.",
         r"\b(?:xox[abeprs]-[A-Za-z0-9\-]{10,255}|AIza[A-Za-z0-9_\-]{35}|sk-[A-Za-z0-9_\-]{20,255}|glpat-[A-Za-z0-9_\-]{20,255}|npm_[A-Za-z0-9]{36}|"
         r"hf_[A-Za-z0-9]{30,255}|SG\.[A-Za-z0-9_\-]{16,64}\.[A-Za-z0-9_\-]{16,64}|ya29\.[A-Za-z0-9_\-]{20,255})", sure(92)),
    Rule("api_key", rf"(?i:{_NAMED})", rf"(?i:{_NAMED})(?:\b|_)[\s:=\"'(]{{1,6}}(?i:is )?([A-Za-z0-9_\-.+/=]{{16,512}})", token),
    Rule("password", r"(?i:passw(?:or)?d|pwd|passphrase|passcode|kennwort|passwort)",
         r"(?i:passw(?:or)?d|pwd|passphrase|passcode|kennwort|passwort)[\"'\])]{0,2}(?:\s{0,3}[:=]\s{0,3}|\s(?i:is)\s)[\"']?([^\s\"',;\x00]{4,64})", passphrase),
)  # fmt: skip

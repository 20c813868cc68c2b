"""Secrets that let someone act as a person: keys, tokens, passwords."""

from __future__ import annotations

import re

from ephor.rooms.pii.rules import Rule, Verdict, sure

_CODE = re.compile(rb"[A-Za-z_.]*[)\]}:|]*|[A-Za-z_.]+[(\[{].*|[<{$(\[].*|[*x.]+[)\]}]*")
_DIGIT = re.compile(rb"[0-9]")
_LETTER = re.compile(rb"[A-Za-z_\xff]")
_NAMED = (
    r"api[ _\-]?key|apikey|access[ _\-]?token|auth[ _\-]?token|refresh[ _\-]?token|client[ _\-]?secret|secret[ _\-]?key|bearer|x-api-key|account[ _\-]?key|"
    r"shared[ _\-]?access[ _\-]?key|authorization: basic|authorization: token|auth[ _\-]?key|api[ _\-]?token|api[ _\-]?secret|webhook[ _\-]?secret|signing[ _\-]?secret"
)
_SAID = (
    r"passw(?:or)?d|pwd|pw|passphrase|passcode|kennwort|passwort|mot de passe|mdp|contrasena|clave|wachtwoord|haslo|losenord|senha|palavra-passe|"
    r"adgangskode|kodeord|salasana|parola d'ordine"
)


def passphrase(data: bytes, start: int, end: int) -> Verdict | None:
    """Judge what a password is said to be: prose and code (`password: str`, `password = getenv(…)`) is none."""
    return None if _CODE.fullmatch(data[start:end]) else (72, start, end)


def token(data: bytes, start: int, end: int) -> Verdict | None:
    """Judge what is called a key or token: letters and digits both."""
    mixed = _DIGIT.search(data, start, end) and _LETTER.search(data, start, end)
    return (78 if mixed else 0), start, end


RULES = (
    Rule("aws_access_key", r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}", r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b", sure(96)),
    Rule("aws_secret_key", r"(?i:secret.?access.?key|aws.?secret)|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
         r"(?:(?i:secret.?access.?key|aws.?secret(?:.?key)?)|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b[^\x00]{0,60}?(?i:secret\w{0,8}))[\s:=\"'is]{1,8}([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)", sure(96)),
    Rule("github_token", r"gh[pousr]_[A-Za-z0-9]{20}|github_pat_", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})\b", sure(97)),
    Rule("stripe_key", r"[srp]k_(?:live|test)_|whsec_", r"\b(?:[srp]k_(?:live|test)_[A-Za-z0-9]{10,255}|whsec_[A-Za-z0-9+/=]{16,255})", sure(96)),
    Rule("jwt", r"eyJ[A-Za-z0-9_\-]{5,}\.eyJ", r"\beyJ[A-Za-z0-9_\-]{5,}\.eyJ[A-Za-z0-9_\-]{5,}\.[A-Za-z0-9_\-]*", sure(97)),
    Rule("private_key", r"-----BEGIN [A-Z0-9 ]{0,24}PRIVATE KEY",
         r"-----BEGIN [A-Z0-9 ]{0,24}PRIVATE KEY(?: BLOCK)?-----(?:[^\-\x00]|-[^\-\x00])*(?:-----END [A-Z0-9 ]{0,24}PRIVATE KEY(?: BLOCK)?-----)?", sure(99)),
    Rule("api_key", r"xox[abeprs]-|AIza|sk-|glpat-|npm_|hf_|SG\.|ya29\.|pypi-AgE|dop_v1_|doo_v1_|shp(?:at|ca|pa|ss)_|key-[0-9a-f]{8}|dckr_pat_|sq0(?:atp|csp)-|lin_api_|"
         r"gl(?:ft|rt|dt|soat)-|rubygems_|PMAK-|sbp_|xapp-|eyJrIjoi|SK[0-9a-f]{16}|AC[0-9a-f]{16}|\d{8}:AA|EAA[A-Z]|NRAK-|tfp_|r8_|gsk_|xai-|pplx-|fo1_|dp\.pt\.|hvs\.",
         r"\b(?:xox[abeprs]-[A-Za-z0-9\-]{10,255}|xapp-[A-Za-z0-9\-]{20,255}|AIza[A-Za-z0-9_\-]{35}|sk-[A-Za-z0-9_\-]{20,255}|gl(?:pat|ft|rt|dt|soat)-[A-Za-z0-9_\-]{20,255}|"
         r"npm_[A-Za-z0-9]{36}|hf_[A-Za-z0-9]{30,255}|SG\.[A-Za-z0-9_\-]{16,64}\.[A-Za-z0-9_\-]{16,64}|ya29\.[A-Za-z0-9_\-]{20,255}|pypi-AgE[A-Za-z0-9_\-]{40,255}|"
         r"do[op]_v1_[0-9a-f]{64}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|key-[0-9a-f]{32}|dckr_pat_[A-Za-z0-9_\-]{20,64}|sq0(?:atp|csp)-[A-Za-z0-9_\-]{22,64}|lin_api_[A-Za-z0-9]{32,64}|"
         r"rubygems_[0-9a-f]{48}|PMAK-[0-9a-f]{24}-[0-9a-f]{34}|sbp_[0-9a-f]{40}|(?:SK|AC)[0-9a-f]{32}|\d{8,10}:AA[A-Za-z0-9_\-]{33}|EAA[A-Z][A-Za-z0-9]{40,255}|NRAK-[A-Z0-9]{27}|"
         r"r8_[A-Za-z0-9]{37}|gsk_[A-Za-z0-9]{40,64}|xai-[A-Za-z0-9]{60,100}|pplx-[A-Za-z0-9]{40,64}|dp\.pt\.[A-Za-z0-9]{40,50}|hvs\.[A-Za-z0-9_\-]{24,255})", sure(92)),
    Rule("api_key", rf"(?i:{_NAMED})", rf"(?i:{_NAMED})(?:\b|_)[\s:=\"'(>]{{1,6}}(?i:is )?([A-Za-z0-9_\-.+/=~]{{16,512}})", token),
    Rule("password", rf"(?i:{_SAID})",
         rf"(?i:{_SAID})[\"'\])]{{0,2}}(?:\s{{0,3}}[:=]>?\s{{0,3}}|\s(?i:is|ist|est|es|e|lautet|jest|ar)\s)[\"']?([^\s\"',;\x00]{{4,64}})", passphrase),
)  # fmt: skip

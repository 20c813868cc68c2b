"""The set itself: texts with what is in them, made from a fixed seed, and the ones written by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from pii_set import locales, noise, values
from pii_set.locales import LOCALES, Locale
from pii_set.values import Maker

SEED = 20261127
_MARKED = re.compile(r"\[\[([a-z0-9_]+):(.*?)\]\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Truth:
    """What is in a text: where, and of which type."""

    start: int
    end: int
    type: str


@dataclass(frozen=True, slots=True)
class Text:
    """One text of the set; without truths it holds no personal data."""

    locale: str
    text: str
    truths: tuple[Truth, ...] = ()


_ANYWHERE: dict[str, tuple[Maker, Sequence[str]]] = {
    "credit_card": (values.card, ["card {}", "{}", "Visa {} exp 12/29", "PAN={}", "Kreditkarte {}", "carte {}", "tarjeta {}", "charged to {}."]),
    "card_security_code": (lambda dice: values.some(dice, values.DIGITS, 3), ["CVV {}", "cvv: {}", "CVC {}", "security code {}", "cvc={}"]),
    "ip_address": (lambda dice: dice.choice([values.ipv4, values.ipv4, values.ipv6])(dice), ["{}", "from {}", "client_ip={}", "login from {} failed", "host {} up", "[{}] GET /", "ip: {}"]),
    "mac_address": (values.mac, ["{}", "MAC {}", "ether {} up", "device {} joined"]),
    "gps_coordinates": (values.gps, ["{}", "({})", "location: {}", "seen at {}"]),
    "bitcoin_address": (values.bitcoin, ["{}", "BTC {}", "send to {}", "wallet: {}"]),
    "ethereum_address": (values.ethereum, ["{}", "ETH {}", "wallet {}"]),
    "imei": (values.imei, ["IMEI {}", "IMEI: {}", "imei={}"]),
    "aws_access_key": (lambda dice: dice.choice(["AKIA", "ASIA"]) + values.some(dice, values.UPPER + "234567", 16), ["{}", "aws_access_key_id = {}", "key {}", "AWS_ACCESS_KEY_ID={}"]),
    "aws_secret_key": (lambda dice: values.some(dice, values.ALNUM + "/+", 40), ["aws_secret_access_key = {}", "AWS_SECRET_ACCESS_KEY={}", '"SecretAccessKey": "{}"']),
    "github_token": (values.github, ["{}", "token {}", "GH_TOKEN={}", "https://github.example/?ref=1 {}"]),
    "stripe_key": (values.stripe, ["{}", "stripe.api_key = '{}'", "STRIPE_KEY={}"]),
    "jwt": (values.jwt, ["{}", "Authorization: Bearer {}", "token: {}", "cookie session={}; path=/"]),
    "private_key": (values.private_key, ["{}", "key: |\n{}", "-- below --\n{}\n-- above --"]),
    "api_key": (values.api_key, ["{}", "key={}", 'const k = "{}";', "export TOKEN={}", "--token {}"]),
    "url_credentials": (lambda dice: f"{dice.choice(['https', 'postgres', 'mysql', 'redis', 'amqp'])}://{values.some(dice, values.LOWER, 5)}:{values.some(dice, values.ALNUM, 9)}@db.example/{values.some(dice, values.LOWER, 4)}",
                        ["{}", "DATABASE_URL={}", "connect to {} now"]),
    "password": (lambda dice: values.some(dice, values.LOWER, 5) + values.some(dice, values.DIGITS, 3) + dice.choice("!#%&"), ["password: {}", "password={}", "Passwort: {}", "pwd={}", '"password": "{}"', "contraseña: {}", "mot de passe : {}", "hasło: {}", "wachtwoord: {}", "lösenord: {}", "senha: {}"]),
    "eu_vat": (values.vat, ["VAT {}", "{}", "USt-IdNr. {}", "TVA {}", "P.IVA {}", "VAT number: {}"]),
}  # fmt: skip


def texts() -> list[Text]:
    """Return the whole set, the same each time."""
    dice = Random(SEED)
    made = [*_hand_made(), *(Text("xx", text) for text in noise.PROSE)]
    for name, locale in LOCALES.items():
        made += _of_locale(name, locale, dice)
    for type_, (maker, sentences) in _ANYWHERE.items():
        made += (_filled("xx", sentences[at % len(sentences)], type_, maker(dice)) for at in range(30))
    for maker, sentences in noise.MAKERS:
        made += (Text("xx", sentences[at % len(sentences)].format(maker(dice))) for at in range(30))
    made += _paragraphs(made, dice)
    return made


def _of_locale(name: str, locale: Locale, dice: Random) -> Iterator[Text]:
    for at in range(24):
        yield _filled(name, locale.plain[at % len(locale.plain)], "email", locales.email(locale, dice))
    for at in range(36):
        alone = locales.phone(locale, dice, alone=True)
        yield _filled(
            name,
            [*locale.plain, *locale.called][at % (len(locale.plain) + len(locale.called))],
            "phone",
            alone,
        )
    for at in range(30):
        yield _filled(
            name, locale.called[at % len(locale.called)], "phone", locales.phone(locale, dice, alone=False)
        )
    for at in range(24):
        yield _filled(name, locale.born[at % len(locale.born)], "date_of_birth", locales.day(locale, dice))
    for at in range(8):
        yield _filled(
            name, locale.plain[at % len(locale.plain)], "iban", values.iban(_IBAN_OF.get(name[-2:], ""))(dice)
        )
    for type_, (maker, sentences) in locale.other.items():
        for at in range(30):
            yield _filled(name, sentences[at % len(sentences)], type_, maker(dice))
    for _ in range(6):
        yield Text(name, dice.choice(locale.plain).format(locales.named(locale, dice)))


_IBAN_OF = {land: land for land in ("GB", "DE", "FR", "IT", "ES", "NL", "PL", "SE", "BE", "PT", "DK")}


def _filled(locale: str, sentence: str, type_: str, value: str) -> Text:
    before, after = (part.replace("{{", "{").replace("}}", "}") for part in sentence.split("{}"))
    return Text(locale, before + value + after, (Truth(len(before), len(before) + len(value), type_),))


def _paragraphs(made: Sequence[Text], dice: Random) -> Iterator[Text]:
    """Yield longer texts that several short ones and prose stand in together, a line each."""
    for _ in range(150):
        parts = [dice.choice(made) for _ in range(5)] + [Text("xx", dice.choice(noise.PROSE))]
        dice.shuffle(parts)
        text, truths = "", []
        for part in parts:
            truths += (Truth(one.start + len(text), one.end + len(text), one.type) for one in part.truths)
            text += part.text + "\n"
        yield Text("xx", text, tuple(truths))


def _hand_made() -> Iterator[Text]:
    for line in (Path(__file__).parent / "handmade.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield marked(line.replace("\\n", "\n"))


def marked(line: str) -> Text:
    """Return the text of a line with `[[type:value]]` marks, and what they mark."""
    text, truths, done = "", [], 0
    for match in _MARKED.finditer(line):
        text += line[done : match.start()]
        truths.append(Truth(len(text), len(text) + len(match.group(2)), match.group(1)))
        text += match.group(2)
        done = match.end()
    return Text("xx", text + line[done:], tuple(truths))

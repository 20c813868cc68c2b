"""Texts without personal data that look as if they had some: numbers of things, code, logs, prices, clauses, prose."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from random import Random

from pii_set.values import ALNUM, DIGITS, LOWER, UPPER, luhn_digit, shaped, some

HEX = "0123456789abcdef"


def isbn13(dice: Random) -> str:
    text = dice.choice(["978", "979"]) + some(dice, DIGITS, 9)
    total = sum(int(digit) * (1 + 2 * (at % 2)) for at, digit in enumerate(text))
    text += str(-total % 10)
    return dice.choice([text, f"{text[:3]}-{text[3]}-{text[4:8]}-{text[8:12]}-{text[12]}"])


def isbn10(dice: Random) -> str:
    text = "0" + some(dice, DIGITS, 8)
    check = -sum(int(digit) * (10 - at) for at, digit in enumerate(text)) % 11
    return f"{text[0]}-{text[1:4]}-{text[4:9]}-{'X' if check == 10 else check}"


def not_a_card(dice: Random) -> str:
    bare = dice.choice("45") + some(dice, DIGITS, 14)
    digit = int(luhn_digit(bare))
    bare += str((digit + dice.randrange(1, 10)) % 10)
    return dice.choice([bare, " ".join(bare[at : at + 4] for at in range(0, 16, 4))])


def not_an_address(dice: Random) -> str:
    octets = [dice.randrange(256) for _ in range(4)]
    octets[dice.randrange(4)] = dice.randrange(256, 1000)
    return ".".join(map(str, octets))


def unix_time(dice: Random) -> str:
    return str(dice.randrange(1_500_000_000, 1_800_000_000)) + dice.choice(
        ["", "000", "123", f".{dice.randrange(1000):03d}"]
    )


def stamp(dice: Random) -> str:
    day = f"20{dice.randrange(10, 27)}-{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d}"
    time = f"{dice.randrange(24):02d}:{dice.randrange(60):02d}:{dice.randrange(60):02d}"
    return dice.choice([f"{day}T{time}Z", f"{day} {time},{dice.randrange(1000):03d}", f"{day}T{time}+02:00", f"{day.replace('-', '')}{time.replace(':', '')}",
                        f"{day.replace('-', '')}T{time.replace(':', '')}Z"])  # fmt: skip


MAKERS: Sequence[tuple[Callable[[Random], str], Sequence[str]]] = (
    (lambda dice: shaped(dice, dice.choice(["##########", "###-#######-#######", "########", "ORD-########", "############"])),
     ["Order number {}", "Order #{} shipped", "order {} is late", "Bestellnummer {}", "commande n° {}", "pedido {}", "ordine {}", "bestelling {}", "zamówienie nr {}", "order_id={}"]),
    (lambda dice: shaped(dice, dice.choice(["##########", "INV-2026-#####", "########"])), ["Invoice {}", "invoice no. {} is open", "Rechnung {}", "Rechnungsnummer {}", "facture {}", "factura {}", "fattura n. {}"]),
    (lambda dice: shaped(dice, dice.choice(["1Z???@@@##########", "9400 1### #### #### #### ##", "############", "@@#########US", "JD##################"])),
     ["Tracking number {}", "tracking: {}", "Sendungsnummer {}", "colis {}", "parcel {} left the depot"]),
    (isbn13, ["ISBN {}", "ISBN-13: {}", "the book ({}) is out", "EAN {}"]),
    (isbn10, ["ISBN {}", "ISBN-10 {}"]),
    (not_a_card, ["reference {}", "{}", "card {} was mistyped", "gift code {}", "serial {}"]),
    (not_an_address, ["{}", "host {} is wrong", "IP 999.999.999.999", "address {}"]),
    (lambda dice: dice.choice([shaped(dice, "v#.##.#"), shaped(dice, "#.#.#"), shaped(dice, "#.##.###.#"), shaped(dice, "##.#.####.##")]),
     ["version {}", "Version {} is out", "upgrade to v{}", "Chrome/{}", "requires >={}", "release {}", "build {}"]),
    (unix_time, ["ts={}", "expires {}", "{}", "created_at: {}", '{{"time": {}}}']),
    (stamp, ["{} INFO started", "[{}] done", "updated {}", "at {} the job ended", "created: {}", "file_{}.log"]),
    (lambda dice: str(uuid.UUID(bytes=dice.randbytes(16))), ["id {}", "{}", "request_id={}", "/v1/items/{}", "trace {}"]),
    (lambda dice: some(dice, HEX, dice.choice([7, 32, 40, 64, 12])), ["commit {}", "md5 {}", "sha256:{}", "etag {}", "{}", "digest={}", "color #{}"]),
    (lambda dice: dice.choice([shaped(dice, "%,###.##"), shaped(dice, "%.###,##"), shaped(dice, "%# ###,##"), shaped(dice, "%##.##"), shaped(dice, "1,###,###")]),
     ["total ${}", "costs {} EUR", "Preis: {} €", "prix {} €", "{} kr", "balance of {} zł", "R$ {}", "weight {} kg", "population {}"]),
    (lambda dice: shaped(dice, dice.choice(["####################", "##################################", "3141592653589793238462643383279", "%##%##55##%##%##55##"])),
     ["{}", "seed {}", "blob {} end", "pi is {}", "key={}"]),
    (lambda dice: some(dice, DIGITS, dice.choice([3, 4, 5, 6, 7, 8])), ["row {}", "{} items", "page {}", "qty {}", "port {}", "ID {}", "SKU {}", "id={}", "room {}", "in {} ms"]),
    (lambda dice: f"{dice.randrange(1, 29)}.{dice.randrange(1, 13)}.20{dice.randrange(20, 27)}", ["delivery on {}", "am {} geliefert", "le {} livré", "valid from {}", "meeting {}", "Sitzung vom {}"]),
    (lambda dice: f"20{dice.randrange(20, 27)}-{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d}", ["due {}", "released {}", "as of {}", "backup-{}.tar.gz", "Stand: {}"]),
    (lambda dice: shaped(dice, dice.choice(["##-####", "###-####-##", "@@-####", "@@#-####", "####-@", "###/####"])), ["part {}", "model {}", "article {}", "RFC {}", "case {}", "SN {}", "type {} bolt", "Aktenzeichen {}"]),
    (lambda dice: f"{dice.randrange(10, 99)}x{dice.randrange(10, 99)}x{dice.randrange(10, 99)}", ["size {} cm", "box {} mm", "{}"]),
    (lambda dice: f"{some(dice, LOWER, 6)}@{dice.randrange(2, 4)}x.png", ["logo {}", "img src={}", "{}"]),
    (lambda dice: f"@{some(dice, LOWER, 7)}", ["thanks {}", "ping {} about it", "{} wrote the patch", "npm i {}/core"]),
    (lambda dice: f"{dice.uniform(0, 1):.{dice.choice([2, 3, 6, 10])}f}", ["loss {}", "accuracy={}", "p = {}", "x: {}, y: 0.1234"]),
    (lambda dice: f"{dice.randrange(24):02d}:{dice.randrange(60):02d}:{dice.randrange(60):02d}", ["at {}", "elapsed {}", "{} to 23:59:59", "open {}"]),
    (lambda dice: ":".join(some(dice, HEX, 2) for _ in range(20)), ["fingerprint {}", "SHA1 {}"]),
    (lambda dice: f"{some(dice, LOWER, 5)}::{some(dice, LOWER, 6)}::{some(dice, LOWER, 4)}()", ["call {}", "std::vector and {}", "{}"]),
    (lambda dice: shaped(dice, dice.choice(["10.1###/@@@.####.###", "arXiv:2###.#####", "§ ###.##(#)", "45 CFR ###.###", "252.2##-70##", "ISO ####-#:20##", "CVE-202#-#####"])),
     ["see {}", "{}", "under {} it holds", "cited as {}"]),
    (lambda dice: f"https://{some(dice, LOWER, 6)}.example/{some(dice, LOWER, 4)}/{some(dice, DIGITS, 6)}?page={dice.randrange(9)}&sort=asc", ["see {}", "GET {}", "({})"]),
    (lambda dice: f"{some(dice, UPPER, 2)}{some(dice, DIGITS, 2)} {some(dice, DIGITS, 4)} {some(dice, DIGITS, 4)} {some(dice, DIGITS, 4)} {some(dice, DIGITS, 4)}", ["voucher {}", "licence code {}", "batch {}"]),
    (lambda dice: some(dice, ALNUM, dice.choice([11, 16, 22])), ["video {}", "nonce {}", "slug {}", "cache key {}"]),
    (lambda dice: f"{dice.randrange(1, 9)}-{dice.randrange(1, 9)}", ["won {}", "score {}", "pages {}"]),
    (lambda dice: f"{dice.randrange(1900, 2026)}-{dice.randrange(1900, 2026)}", ["the years {}", "({})", "copyright {}"]),
    (lambda dice: shaped(dice, "%## %## %##"), ["sizes {}", "rows {}", "{} units sold", "bins {}"]),
    (lambda dice: f"{some(dice, UPPER, 2)}{some(dice, DIGITS, 3)}", ["flight {}", "bus {}", "gate {}", "room {}"]),
    (lambda dice: shaped(dice, "#####"), ["{} Springfield", "{} Berlin", "75001 Paris, {}", "ZIP file {}"]),
)  # fmt: skip

PROSE = (
    "The password must be long enough. password: str = Field(min_length=8). Set password=os.environ['DB_PASSWORD'] before you start.",
    "Call us between 9 and 17 on weekdays. Press 1 for sales, 2 for support, 3 to hear this again.",
    "Born in the eighties, she moved twice and settled by the sea. The anniversary falls on 12 May 2024.",
    "The API key goes into the header. Authorization: Bearer <token>. See the key rotation guide, chapter 4.",
    "def total(items: list[Item]) -> int:\n    return sum(item.price * item.count for item in items)  # cents",
    "SELECT id, name FROM customers WHERE created > '2024-01-01' ORDER BY id LIMIT 100 OFFSET 2000;",
    "for i in range(1000000, 2000000): assert i % 7 == 3 or i < 1234567890",
    "INFO 2026-03-01 10:11:12,345 worker-3 [pool-1-thread-12] processed 123456 rows in 4567 ms (27 rows/ms)",
    "Zutaten: 250 g Mehl, 3 Eier, 125 ml Milch, 1 Prise Salz. Bei 180 °C etwa 45 Minuten backen.",
    "Le train de 8 h 47 part du quai 12 ; la correspondance est à 10 h 05, voie 3, place 56.",
    "El informe de 2023 muestra 1.234.567 visitas, un 12,5 % más que los 1.097.393 del año anterior.",
    "La partita finì 3-2 dopo i supplementari; al 90° minuto c'erano 45.678 spettatori.",
    "De vergadering van 12-03-2025 is verplaatst naar zaal 4.12; de agenda telt 7 punten.",
    "Posiedzenie nr 12/2024 odbyło się w sali 105; przyjęto 14 uchwał stosunkiem głosów 21:3.",
    "Mötet hölls kl. 14.30 i sal B-204; budgeten är 1 250 000 kronor för 2025.",
    "O relatório de 2024 indica 12.345.678 unidades, mais 3,4% que no ano anterior.",
    "次の会議は2026年3月4日午後2時から第3会議室で行います。参加者は25名です。",
    "export PATH=/usr/local/bin:$PATH; chmod 0755 run.sh; kill -9 12345; nice -n 10 make -j 8",
    "Matrix [[1, 0, 0], [0, 1, 0], [0, 0, 1]]; eigenvalues 1.0000, 1.0000, 1.0000; det 1.",
    "Score 212-98 in overtime, 4 x 100 m relay in 37.40 s, world record 36.84 (2012-08-11).",
    "The token bucket refills at 100 per second; secret santa is on Friday; the passport office opens at nine.",
    "Routing tables converge in under 50 ms; the account manager and the driver license plate frames are in stock.",
    'GET /v1/users/12345/orders?limit=50&offset=100 HTTP/1.1 200 5123 "-" "Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0.6099.109"',
    "Interval 10-20-30-40, ratio 16:9, aspect 4:3, GPU RTX-4090, part no. 4111-1111-22, bolt M8x40-8.8.",
)

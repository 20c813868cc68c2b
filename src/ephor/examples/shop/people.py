"""The shop's forty customers, all invented: each surname is some language's word for "example"."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

# First name, surname, town, country. The towns are as invented as the people.
_PEOPLE = (
    ("Anneliese", "Musterfrau", "Musterstadt", "DE"),
    ("Björn", "Exempelsson", "Exempelby", "SE"),
    ("Camille", "Exemple", "Villexemple", "FR"),
    ("Daniele", "Esempio", "Borgo Esempio", "IT"),
    ("Elvira", "Ejemplo", "Villa Ejemplo", "ES"),
    ("Filip", "Przykładowski", "Przykładowo", "PL"),
    ("Marit", "Eksempelsen", "Eksempelvik", "NO"),
    ("Havel", "Vzor", "Vzorov", "CZ"),
    ("Inkeri", "Esimerkki", "Esimerkkilä", "FI"),
    ("Joost", "Voorbeeld", "Voorbeeldam", "NL"),
    ("Kinga", "Példa", "Példafalva", "HU"),
    ("Lembit", "Näide", "Näidevere", "EE"),
    ("Marta", "Piemērs", "Piemērava", "LV"),
    ("Nojus", "Pavyzdys", "Pavyzdėnai", "LT"),
    ("Olga", "Primer", "Primerje", "SI"),
    ("Pedro", "Exemplo", "Vila Exemplo", "PT"),
    ("Quilla", "Sampla", "Baile Sampla", "IE"),
    ("Rhea", "Paradeigma", "Paradeigmata", "GR"),
    ("Sigrún", "Dæmi", "Dæmisvík", "IS"),
    ("Tudor", "Exemplu", "Exempleni", "RO"),
    ("Udo", "Mustermann", "Musterstadt", "DE"),
    ("Vendela", "Exempelsson", "Exempelby", "SE"),
    ("Wilfrid", "Exemple", "Villexemple", "FR"),
    ("Ximena", "Ejemplo", "Villa Ejemplo", "ES"),
    ("Ylva", "Eksempelsen", "Eksempelvik", "DK"),
    ("Zofia", "Przykładowska", "Przykładowo", "PL"),
    ("Aino", "Esimerkki", "Esimerkkilä", "FI"),
    ("Bram", "Voorbeeld", "Voorbeeldam", "NL"),
    ("Csilla", "Példa", "Példafalva", "HU"),
    ("Dorin", "Exemplu", "Exempleni", "RO"),
    ("Eoin", "Sampla", "Baile Sampla", "IE"),
    ("Fotini", "Paradeigma", "Paradeigmata", "GR"),
    ("Gintaras", "Pavyzdys", "Pavyzdėnai", "LT"),
    ("Hanne", "Eksempelsen", "Eksempelvik", "DK"),
    ("Ilze", "Piemērs", "Piemērava", "LV"),
    ("Jitka", "Vzorová", "Vzorov", "CZ"),
    ("Kaarel", "Näide", "Näidevere", "EE"),
    ("Luca", "Esempio", "Borgo Esempio", "IT"),
    ("Matej", "Primer", "Primerje", "SI"),
    ("Nuno", "Exemplo", "Vila Exemplo", "PT"),
)
_DOMAINS = ("example.org", "example.com", "example.net")  # reserved by RFC 2606, section 3
_LETTERS = str.maketrans({"ł": "l", "Ł": "L", "æ": "ae", "Æ": "Ae"})


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer as the shop first recorded them."""

    id: int
    name: str
    email: str
    phone: str
    birth_date: str
    town: str
    country: str


def customers() -> tuple[Customer, ...]:
    """Return the forty customers, numbered from 1; the same at every call.

    >>> customers()[6].name, customers()[6].email
    ('Marit Eksempelsen', 'marit.eksempelsen@example.com')
    """
    return tuple(_customer(number, *row) for number, row in enumerate(_PEOPLE, start=1))


def _customer(id: int, first: str, last: str, town: str, country: str) -> Customer:
    birth_date = f"{1948 + id * 7 % 55}-{id % 12 + 1:02d}-{id * 5 % 28 + 1:02d}"
    email = f"{_plain(first)}.{_plain(last)}@{_DOMAINS[id % 3]}"
    return Customer(id, f"{first} {last}", email, _phone(id), birth_date, town, country)


def _phone(id: int) -> str:
    """Return a number from a range that its regulator keeps for fiction, whatever country the customer lives in.

    United Kingdom: 020 7946 0000 to 0999 (Ofcom); Sweden: 070-174 06 05 to 06 99 (PTS).
    """
    return f"+44 20 7946 {id:04d}" if id % 2 else f"+46 70 174 06 {id + 5:02d}"


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    return folded.encode("ascii", "ignore").decode("ascii").lower()

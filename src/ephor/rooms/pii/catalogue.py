"""Every type this room knows, the profiles that group them, and what it does not look for."""

from __future__ import annotations

import difflib
from types import MappingProxyType

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.pii import american, asian, contact, european, national, network, payment, person, secret
from ephor.rooms.pii.model import Kind
from ephor.rooms.pii.rules import Rule

RULES: tuple[Rule, ...] = (
    *contact.RULES, *payment.RULES, *american.RULES, *european.RULES, *national.RULES, *asian.RULES, *network.RULES, *secret.RULES, *person.RULES,
)  # fmt: skip
"""Every rule, in the order that decides between equal finds."""

_KINDS = (
    Kind("email", "e-mail address", "RFC 5321, RFC 6531"),
    Kind("phone", "telephone or fax number, international or national", "ITU-T E.164, libphonenumber's numbering plans"),
    Kind("credit_card", "primary account number", "ISO/IEC 7812-1; PCI DSS 3.4.1"),
    Kind("card_security_code", "card verification code after its word", "PCI DSS 3.3.1.2"),
    Kind("card_expiry", "card expiry after its word", "PCI DSS 4.0.1, account data"),
    Kind("card_track", "magnetic stripe data, track 1 or 2", "ISO/IEC 7813; PCI DSS 3.3.1.1"),
    Kind("iban", "international bank account number", "ISO 13616-1, SWIFT registry"),
    Kind("bank_account", "bank account number after its word", "45 CFR 164.514(b)(2)(i)(J)"),
    Kind("us_routing_number", "ABA routing number after its word", "ABA routing number policy"),
    Kind("uk_sort_code", "sort code after its word", "Vocalink"),
    Kind("bitcoin_address", "Bitcoin address", "Base58Check; BIP 173, BIP 350"),
    Kind("ethereum_address", "Ethereum address", "ERC-55, form only"),
    Kind("us_ssn", "US social security number", "20 CFR 422.103"),
    Kind("us_itin", "US individual taxpayer number", "26 CFR 301.6109-1(d)(3)"),
    Kind("us_passport", "US passport number after its word", "US Department of State"),
    Kind("us_driver_license", "US driver's licence after its word", "45 CFR 164.514(b)(2)(i)(K)"),
    Kind("medical_record_number", "medical record number after its word", "45 CFR 164.514(b)(2)(i)(H)"),
    Kind("health_plan_number", "health plan or policy number; Medicare beneficiary identifier", "45 CFR 164.514(b)(2)(i)(I); CMS MBI format"),
    Kind("us_dea_number", "DEA registration after its word", "21 CFR 1301"),
    Kind("us_zip", "US ZIP code after a state or its word", "45 CFR 164.514(b)(2)(i)(B)"),
    Kind("uk_nhs", "NHS number", "NHS Data Dictionary, modulus 11"),
    Kind("uk_nino", "UK national insurance number", "HMRC NIM39110"),
    Kind("de_tax_id", "German tax identification number", "§ 139b AO; ISO/IEC 7064 MOD 11,10"),
    Kind("fr_nir", "French social security number", "INSEE"),
    Kind("es_dni", "Spanish national identity number", "Real Decreto 1553/2005"),
    Kind("es_nie", "Spanish number for foreigners", "Real Decreto 557/2011"),
    Kind("it_codice_fiscale", "Italian tax code", "D.M. 23 December 1976"),
    Kind("nl_bsn", "Dutch citizen service number after its word", "Besluit burgerservicenummer, eleven test"),
    Kind("pl_pesel", "Polish national number", "Ustawa o ewidencji ludności, PESEL"),
    Kind("se_personnummer", "Swedish personal or coordination number", "folkbokföringslagen § 18"),
    Kind("be_nrn", "Belgian national number", "Koninklijk besluit of 3 April 1984"),
    Kind("pt_nif", "Portuguese tax number after its word", "Decreto-Lei 14/2013, modulus 11"),
    Kind("eu_vat", "VAT number of an EU country, the UK or Northern Ireland", "Directive 2006/112/EC, Article 215; VIES"),
    Kind("fr_tax_id", "French tax number after its word", "DGFiP, numéro SPI"),
    Kind("de_tax_number", "German tax number of a tax office after its word", "§ 139a AO; Steuernummer"),
    Kind("es_cif", "Spanish tax number of an organisation", "Orden EHA/451/2008"),
    Kind("pl_nip", "Polish tax number", "Ustawa o zasadach ewidencji i identyfikacji podatników, NIP"),
    Kind("us_ein", "US employer identification number after its word", "26 CFR 301.6109-1(d)(2)"),
    Kind("ca_sin", "Canadian social insurance number after its word", "Employment Insurance Act, section 138; Luhn"),
    Kind("au_tfn", "Australian tax file number after its word", "ATO, modulus 11"),
    Kind("au_medicare", "Australian Medicare card number after its word", "Services Australia"),
    Kind("in_aadhaar", "Indian Aadhaar number", "UIDAI, Verhoeff"),
    Kind("in_pan", "Indian permanent account number after its word", "Income-tax Rules, rule 114"),
    Kind("br_cpf", "Brazilian taxpayer number", "Receita Federal, modulus 11"),
    Kind("dk_cpr", "Danish personal number after its word", "CPR-loven"),
    Kind("fi_hetu", "Finnish personal identity code", "DVV"),
    Kind("no_fnr", "Norwegian birth number after its word", "Skatteetaten, modulus 11"),
    Kind("ch_ahv", "Swiss AHV number", "AHVG Article 50c; EAN-13"),
    Kind("ie_pps", "Irish PPS number after its word", "Social Welfare Consolidation Act 2005, section 262"),
    Kind("at_svnr", "Austrian insurance number after its word", "ASVG § 460d"),
    Kind("cn_resident_id", "Chinese resident identity number", "GB 11643; ISO/IEC 7064 MOD 11-2"),
    Kind("jp_my_number", "Japanese individual number (My Number) after its word", "Act 27 of 2013; modulus 11"),
    Kind("kr_rrn", "Korean resident registration number", "Resident Registration Act, Article 7-2"),
    Kind("tr_tckn", "Turkish identity number after its word", "Law 5490; two check digits"),
    Kind("sg_nric", "Singapore NRIC or FIN", "National Registration Act 1965"),
    Kind("passport", "passport number after its word", "ICAO Doc 9303"),
    Kind("driver_license", "driving licence number after its word", "Directive 2006/126/EC, Annex I"),
    Kind("national_id_card", "number of an identity card after its word", "Regulation (EU) 2019/1157"),
    Kind("ip_address", "IP address, version 4 or 6", "RFC 791, RFC 4291"),
    Kind("mac_address", "device address", "IEEE 802, EUI-48"),
    Kind("url_credentials", "user and password, or a token, in a URL", "RFC 3986, 3.2.1"),
    Kind("url", "web address", "45 CFR 164.514(b)(2)(i)(N)"),
    Kind("gps_coordinates", "latitude and longitude", "ISO 6709"),
    Kind("vin", "vehicle identification number", "ISO 3779; 49 CFR 565.15"),
    Kind("imei", "mobile device identity after its word", "3GPP TS 23.003, Luhn"),
    Kind("license_plate", "vehicle licence plate after its word", "45 CFR 164.514(b)(2)(i)(L)"),
    Kind("aws_access_key", "AWS access key id", "AWS IAM unique identifiers"),
    Kind("aws_secret_key", "AWS secret access key after its word", "AWS IAM"),
    Kind("github_token", "GitHub token", "GitHub token formats"),
    Kind("stripe_key", "Stripe key or webhook secret", "Stripe API keys"),
    Kind("jwt", "JSON web token", "RFC 7519"),
    Kind("private_key", "private key block", "RFC 7468; RFC 9580"),
    Kind("api_key", "key or token of a service, by its prefix or after its word", "vendors' token formats"),
    Kind("password", "password after its word", "GDPR Article 32"),
    Kind("date_of_birth", "date of birth after its word", "45 CFR 164.514(b)(2)(i)(C); GDPR Article 4(1)"),
    Kind("date", "any day written in full", "45 CFR 164.514(b)(2)(i)(C)"),
)  # fmt: skip
KINDS = MappingProxyType({kind.type: kind for kind in _KINDS})

# Only the HIPAA safe harbour wants every date, link and ZIP code gone; elsewhere they are mostly nobody's.
_HIPAA_ONLY = frozenset({"date", "url", "us_zip"})
_DEFAULT = frozenset(KINDS) - _HIPAA_ONLY - {"card_expiry"}
PROFILES = MappingProxyType(
    {
        "default": _DEFAULT,
        "gdpr": _DEFAULT,
        # The structured ones among the eighteen identifiers of 45 CFR 164.514(b)(2)(i)(A) to (R).
        "hipaa": frozenset(
            {"us_zip", "date", "date_of_birth", "phone", "email", "us_ssn", "us_itin", "medical_record_number",
             "health_plan_number", "bank_account", "credit_card", "iban", "us_driver_license", "us_passport",
             "us_dea_number", "vin", "license_plate", "mac_address", "imei", "url", "url_credentials", "ip_address",
             "uk_nhs", "passport", "driver_license", "us_routing_number", "gps_coordinates", "us_ein"}
        ),
        # Cardholder data and sensitive authentication data that have a form (PCI DSS 4.0.1, account data).
        "pci": frozenset({"credit_card", "card_expiry", "card_security_code", "card_track"}),
    }
)  # fmt: skip

NOT_LOOKED_FOR = (
    Kind("name", "names of people", "needs a language model"),
    Kind("address", "street and postal addresses", "needs a language model"),
    Kind(
        "free_text",
        "health, belief, origin and other facts told in prose (GDPR Article 9)",
        "needs a language model",
    ),
    Kind("image", "faces, fingerprints, voices (45 CFR 164.514(b)(2)(i)(P), (Q))", "not text"),
)
"""What a scan by form alone cannot see; every report says so."""


def known_types() -> tuple[Kind, ...]:
    """Return every type that is looked for, with its description and the authority for its form."""
    return _KINDS


def profile(name: str) -> frozenset[str]:
    """Return the types of the profile *name*.

    >>> sorted(profile("pci"))
    ['card_expiry', 'card_security_code', 'card_track', 'credit_card']

    Raises:
        InvalidInputError: there is no such profile.
    """
    try:
        return PROFILES[name]
    except KeyError:
        known = ", ".join(sorted(PROFILES))
        raise InvalidInputError(f"unknown profile `{name[:40]}`; use one of: {known}", profile=name) from None


def correction(type: str) -> str | None:
    """Return what is wrong with a *type* that nobody looks for, and what may be meant; None where it is known.

    >>> correction("emial"), correction("email")
    ('unknown type `emial` of personal data; did you mean `email`?', None)
    """
    if type in KINDS:
        return None
    close = difflib.get_close_matches(type, sorted(KINDS), 1)
    advice = f"did you mean `{close[0]}`?" if close else f"use any of: {', '.join(sorted(KINDS))}"
    return f"unknown type `{type[:40]}` of personal data; {advice}"


def chosen(types: frozenset[str] | None) -> frozenset[str]:
    """Return *types*, or the default profile for None.

    Raises:
        InvalidInputError: a type is not known, or none is given: looking for nothing would find nothing.
    """
    if types is None:
        return _DEFAULT
    own = {rule.type for rule in getattr(types, "rules", ())}
    unknown = sorted(types - KINDS.keys() - own)
    if unknown:
        known = ", ".join(sorted(KINDS))
        raise InvalidInputError(
            f"unknown type `{unknown[0][:40]}` of personal data; use any of: {known}", types=unknown
        )
    if not types:
        raise InvalidInputError("no type of personal data given; name at least one, or leave the default")
    return types

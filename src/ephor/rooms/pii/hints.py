"""What a field's name says of its value: `card_number`, `dateOfBirth` and `SSN` need no pattern to be believed."""

from __future__ import annotations

from types import MappingProxyType

_SECRETS = frozenset(
    {
        "password",
        "api_key",
        "private_key",
        "aws_secret_key",
        "card_security_code",
        "card_track",
        "url_credentials",
    }
)
_NAMES = {
    "email": "email emailaddress mail emailid useremail customeremail contactemail",
    "phone": "phone phonenumber telephone tel mobile mobilenumber mobilephone cell cellphone fax faxnumber msisdn homephone workphone",
    "credit_card": "cardnumber creditcard creditcardnumber ccnumber ccnum pan cardno debitcard primaryaccountnumber",
    "card_security_code": "cvv cvv2 cvc cvc2 csc cardsecuritycode securitycode",
    "card_expiry": "cardexpiry cardexpirydate expirydate expirationdate ccexp cardexpiration",
    "iban": "iban ibannumber",
    "bank_account": "bankaccount bankaccountnumber accountnumber acctnumber accountno acctno",
    "us_routing_number": "routingnumber routing abanumber aba",
    "uk_sort_code": "sortcode",
    "us_ssn": "ssn socialsecurity socialsecuritynumber socialsecurityno",
    "us_itin": "itin",
    "us_passport": "passport passportnumber passportno",
    "us_driver_license": "driverlicense driverslicense driverlicensenumber driverslicensenumber drivinglicence licensenumber",
    "medical_record_number": "mrn medicalrecordnumber medicalrecord patientid patientnumber",
    "health_plan_number": "healthplannumber memberid insuranceid subscriberid medicareid mbi policynumber beneficiaryid",
    "us_zip": "zip zipcode",
    "uk_nhs": "nhs nhsnumber",
    "uk_nino": "nino nationalinsurance nationalinsurancenumber",
    "de_tax_id": "steuerid steueridnr steueridentifikationsnummer",
    "fr_nir": "nir numerosecu",
    "es_dni": "dni",
    "es_nie": "nie",
    "it_codice_fiscale": "codicefiscale",
    "nl_bsn": "bsn burgerservicenummer",
    "pl_pesel": "pesel",
    "se_personnummer": "personnummer",
    "be_nrn": "rijksregisternummer nrn niss insz",
    "pt_nif": "nif",
    "eu_vat": "vat vatnumber vatid",
    "ip_address": "ip ipaddress ipaddr clientip remoteip remoteaddr",
    "mac_address": "mac macaddress",
    "gps_coordinates": "lat latitude lng lon longitude gps coordinates geolocation",
    "vin": "vin",
    "imei": "imei",
    "license_plate": "licenseplate licenceplate platenumber numberplate",
    "password": "password passwd pwd passphrase passcode pin secret",
    "api_key": "apikey accesstoken authtoken refreshtoken clientsecret secretkey bearertoken authorization accesskey",
    "aws_secret_key": "awssecretaccesskey",
    "private_key": "privatekey",
    "date_of_birth": "dob dateofbirth birthdate birthday birthdt",
}
HINTS = MappingProxyType({name: type_ for type_, names in _NAMES.items() for name in names.split()})
_PUNCTUATION = {ord(part): None for part in "_- .:#'/"}


def hinted(name: str) -> str | None:
    """Return the type that a field called *name* holds, if its name says so.

    >>> hinted("Card-Number"), hinted("emails"), hinted("email_verified")
    ('credit_card', 'email', None)
    """
    if len(name) > 40:
        return None
    bare = name.replace("_", "").lower()
    if not bare.isalnum():
        bare = bare.translate(_PUNCTUATION)
    return HINTS.get(bare) or (HINTS.get(bare[:-1]) if bare[-1:] == "s" else None)


def believable(type_: str, text: str) -> bool:
    """Say whether *text* can be a value of a field hinted as *type_*: a secret is anything, all else has a digit or @.

    >>> believable("password", "correct horse"), believable("phone", "not given"), believable("phone", "555 0100")
    (True, False, True)
    """
    if not text.strip():
        return False
    return type_ in _SECRETS or "@" in text or "\uff20" in text or any(part.isdecimal() for part in text)

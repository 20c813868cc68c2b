"""Fifteen locales: how people there write telephone numbers and days, and the sentences such values stand in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from pii_set import values
from pii_set.values import Maker, shaped


@dataclass(frozen=True, slots=True)
class Locale:
    """A place: `alone` are telephone forms that stand on their own, `worded` those that need a word beside them."""

    alone: Sequence[str]
    worded: Sequence[str]
    called: Sequence[str]
    """Sentences with a telephone number that a word names."""
    plain: Sequence[str]
    """Sentences with `{}` for any value that needs no word."""
    born: Sequence[str]
    days: Sequence[str]
    months: str
    domains: Sequence[str]
    names: Sequence[str]
    other: Mapping[str, tuple[Maker, Sequence[str]]] = field(default_factory=dict)
    """Types of this place: how a value is made, and sentences with `{}` for it."""


def phone(locale: Locale, dice: Random, *, alone: bool) -> str:
    return shaped(dice, dice.choice(locale.alone if alone else locale.worded))


def day(locale: Locale, dice: Random) -> str:
    born = values.birthday(dice)
    month = locale.months.split()[born.month - 1]
    return dice.choice(locale.days).format(
        d=born.day, m=born.month, y=born.year, month=month, yy=born.year % 100
    )


def email(locale: Locale, dice: Random) -> str:
    first, last = (part.lower() for part in dice.choice(locale.names).split())
    local = dice.choice(["{0}.{1}", "{0}{1}", "{0}_{1}{2}", "{2}{0}", "{0}.{1}+{2}", "{1}-{0}"]).format(
        first, last, dice.randrange(100)
    )
    return f"{local}@{dice.choice(locale.domains)}"


def named(locale: Locale, dice: Random) -> str:
    return dice.choice(locale.names)


US = Locale(
    alone=["(%##) %##-####", "%##-%##-####", "%##.%##.####", "+1 %##-%##-####", "+1 (%##) %##-####", "+1%##%##55##", "1-%##-%##-####", "%## %##-####"],
    worded=["%##%##46##", "%## %## ####", "(%##)%##-####", "%##-%##-#### ext. 12", "+1-%##-%##-####"],
    called=["Call me at {} after five.", "Phone: {}", "tel:{}", "His cell is {}.", "fax {} attn. Pam", "Text {} when you arrive", "mobile={}", '{{"phone": "{}"}}'],
    plain=["Please forward it to {} before noon.", "{}", "Customer left this: {} and hung up.", "note,{},open", "[2026-03-01 10:11:12] WARN user={} retry", "See {}; thanks!", "({})"],
    born=["DOB: {}", "Date of birth: {}", "She was born on {}.", "born {} in Ohio", "birthdate={}", "Birthday: {}", '{{"dob": "{}"}}', "D.O.B. {}"],
    days=["{m:02d}/{d:02d}/{y}", "{m}/{d}/{y}", "{month} {d}, {y}", "{y}-{m:02d}-{d:02d}", "{m:02d}-{d:02d}-{y}"],
    months="January February March April May June July August September October November December",
    domains=["example.com", "mail.example.org", "acme.example", "gmail.com", "univ.edu"], names=["Jane Roe", "Pam Holt", "Luis Ortega", "Mae Jones", "Carl Weiss"],
    other={
        "us_ssn": (values.ssn, ["SSN {}", "social security number: {}", "His SSN is {}.", "{}", "ssn={}", "last four of {} on file", "Social Security No. {}"]),
        "us_itin": (values.itin, ["ITIN {}", "{}", "taxpayer ID {}", "itin: {}"]),
        "us_routing_number": (values.routing, ["routing number {}", "ABA {}", "Routing #: {}", "RTN: {}", "wire to routing {}"]),
        "us_passport": (lambda dice: shaped(dice, dice.choice(["#########", "@########"])), ["passport number {}", "Passport No: {}", "US passport {}", "passport #{}"]),
        "us_driver_license": (lambda dice: shaped(dice, dice.choice(["@#######", "@############", "########"])),
                              ["driver's license {}", "Driver License No. {}", "DL# {}", "drivers license number: {}", "DL: {}"]),
        "medical_record_number": (lambda dice: shaped(dice, dice.choice(["########", "@#######", "######"])),
                                  ["MRN: {}", "MRN {}", "medical record number {}", "Medical Record #{}", "mrn={}", "patient ID: {}"]),
        "health_plan_number": (values.mbi, ["Medicare {}", "MBI: {}", "{}", "beneficiary {}", "member ID {}"]),
        "us_dea_number": (values.dea, ["DEA {}", "DEA number: {}", "DEA# {}"]),
        "bank_account": (lambda dice: shaped(dice, dice.choice(["##########", "############", "########"])),
                         ["account number {}", "Account No. {}", "checking account {}", "acct: {}", "bank account #{}", "acct # {}"]),
        "vin": (values.vin, ["VIN {}", "{}", "VIN: {}", "vehicle {} was towed"]),
        "license_plate": (lambda dice: shaped(dice, dice.choice(["#@@@###", "@@@-####", "@@@ ####"])), ["license plate {}", "plate {}", "License plate: {}"]),
    },
)  # fmt: skip
GB = Locale(
    alone=["020 7### ####", "+44 20 7### ####", "0161 496 0###", "07700 900###", "07700 900 ###", "+44 7700 900###", "(020) 7946 0###", "0121 496 0###", "+44 (0)20 7946 0###", "01632 960###"],
    worded=["07700900###", "02079460###", "+447700900###", "020 79460###"],
    called=["Ring me on {} tonight.", "Tel: {}", "Mobile: {}", "call {} before ten", "Telephone {}", "phone {}", "tel:{}"],
    plain=["Kindly send it to {} by Friday.", "{}", "The tenant wrote {} on the form.", "ref;{};done", "Thanks, {}", "see <{}>"],
    born=["DOB {}", "Date of birth: {}", "born on {}", "born {}", "D.O.B: {}", "date_of_birth={}"],
    days=["{d:02d}/{m:02d}/{y}", "{d} {month} {y}", "{d:02d}-{m:02d}-{y}", "{d:02d}.{m:02d}.{y}", "{d:02d}/{m:02d}/{yy:02d}"], months=US.months,
    domains=["example.co.uk", "nhs.example", "btinternet.com", "example.org.uk"], names=["Alice Brown", "Tom Hughes", "Priya Shah", "Owen Price"],
    other={
        "uk_nhs": (values.nhs, ["NHS number {}", "NHS No: {}", "nhs: {}", "NHS No. {}", "patient's NHS number is {}", "NHS {}"]),
        "uk_nino": (values.nino, ["NI number {}", "{}", "NINO: {}", "National Insurance number {}", "His NI is {}."]),
        "uk_sort_code": (lambda dice: shaped(dice, "##-##-##"), ["sort code {}", "Sort code: {}", "sort-code {}"]),
        "bank_account": (lambda dice: shaped(dice, "########"), ["account number {}", "Account no: {}", "a/c no. {}", "bank account {}"]),
        "license_plate": (lambda dice: shaped(dice, "@@## @@@"), ["registration plate {}", "number plate {}", "licence plate {}", "VRM {}"]),
    },
)  # fmt: skip
AU = Locale(
    alone=["(02) 9### ####", "02 9### ####", "0412 ### ###", "+61 412 ### ###", "+61 2 9### ####", "(03) 8### ####"],
    worded=["0412######", "1300 ### ###", "+61412######"],
    called=["Call {} if lost.", "Ph: {}", "Mob: {}", "Phone {}", "mobile {}"],
    plain=["Send it to {} mate.", "{}", "The roster lists {} for Sunday.", "user|{}|ok"],
    born=["DOB: {}", "born {}", "Date of birth {}"], days=["{d:02d}/{m:02d}/{y}", "{d} {month} {y}", "{d}/{m}/{y}"], months=US.months,
    domains=["example.com.au", "bigpond.com"], names=["Bruce Kelly", "Sheila Nguyen"],
)  # fmt: skip
INDIA = Locale(
    alone=["+91 98### #####", "+91-98########", "+9198########", "+91 80 2### ####", "+91 98### ## ###"],
    worded=["98### #####", "98########", "098########", "080-2### ####"],
    called=["Call {} for delivery.", "Mobile: {}", "Mobile No. {}", "WhatsApp {}", "Ph. {}", "contact {}", "Contact No: {}"],
    plain=["Kindly revert to {} at the earliest.", "{}", "The applicant gave {} in the form."],
    born=["DOB: {}", "Date of Birth: {}", "born on {}"], days=["{d:02d}/{m:02d}/{y}", "{d:02d}-{m:02d}-{y}", "{d} {month} {y}"], months=US.months,
    domains=["example.in", "example.co.in", "rediffmail.com"], names=["Ravi Kumar", "Anita Rao"],
)  # fmt: skip
DE = Locale(
    alone=["+49 30 90####", "+49 171 #######", "030/90####", "030 90####", "0171 #######", "0171/#######", "(030) 90####", "+49 (0)30 90####", "089 / 12####", "0049 30 90####", "+4917########"],
    worded=["0171#######", "03090####", "+49-171-#######", "0171-%## ####"],
    called=["Bitte rufen Sie mich unter {} an.", "Tel.: {}", "Telefon: {}", "Handy {}", "Mobil: {}", "Fax: {}", "Telefonnummer {}", "Rückruf unter {} erbeten", "Tel {}"],
    plain=["Bitte senden Sie es an {} bis Freitag.", "{}", "Der Kunde hat {} angegeben.", "Zeile;{};offen", "Danke, {}", "Wert „{}“ geprüft"],
    born=["Geburtsdatum: {}", "geboren am {}", "geb. {}", "geb. am {}", "Geburtstag: {}", "Geb.-Datum: {}"],
    days=["{d:02d}.{m:02d}.{y}", "{d}.{m}.{y}", "{d}. {month} {y}", "{y}-{m:02d}-{d:02d}", "{d:02d}.{m:02d}.{yy:02d}"],
    months="Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    domains=["example.de", "web.de", "müller.example", "t-online.de"], names=["Jürgen Müller", "Anke Vogt", "Uwe Schön"],
    other={
        "de_tax_id": (values.steuer_id, ["Steuer-ID {}", "Steueridentifikationsnummer: {}", "IdNr. {}", "Steuer-IdNr.: {}", "steuerliche Identifikationsnummer {}", "TIN: {}"]),
        "bank_account": (lambda dice: shaped(dice, "%#########"), ["Kontonummer {}", "Kontonummer: {}", "Konto-Nr. {}", "Kto. {}"]),
        "license_plate": (lambda dice: shaped(dice, dice.choice(["B-@@ ####", "M-@ ####", "HH @@ ###", "KA-@@ ##"])), ["Kennzeichen {}", "Kfz-Kennzeichen: {}", "amtliches Kennzeichen {}"]),
    },
)  # fmt: skip
FR = Locale(
    alone=["06 ## ## ## ##", "01 42 ## ## ##", "06.##.##.##.##", "+33 6 ## ## ## ##", "+33 1 42 ## ## ##", "+33 (0)6 ## ## ## ##", "01-42-##-##-##", "+336########", "0033 6 ## ## ## ##"],
    worded=["06########", "0142######"],
    called=["Appelez-moi au {} ce soir.", "Tél. : {}", "Tél : {}", "Téléphone : {}", "Portable : {}", "Mobile {}", "joignable au {}", "Fax : {}", "tel:{}"],
    plain=["Merci de l'envoyer à {} avant midi.", "{}", "Le client a laissé {} hier.", "ligne;{};ok", "Voir {} !", "« {} »"],
    born=["Date de naissance : {}", "né le {}", "née le {}", "Née le {} à Lyon", "né(e) le {}"],
    days=["{d:02d}/{m:02d}/{y}", "{d} {month} {y}", "{d:02d}.{m:02d}.{y}", "{d:02d}-{m:02d}-{y}", "{d:02d}/{m:02d}/{yy:02d}"],
    months="janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    domains=["example.fr", "orange.fr", "laposte.net"], names=["Zoé Lefèvre", "Luc Morel", "Inès Dubois"],
    other={
        "fr_nir": (values.nir, ["N° de sécurité sociale : {}", "NIR {}", "{}", "numéro de sécu {}"]),
        "license_plate": (lambda dice: shaped(dice, "@@-###-@@"), ["plaque {}", "immatriculation {}", "Plaque d'immatriculation : {}", "immatriculé {}"]),
    },
)  # fmt: skip
IT = Locale(
    alone=["+39 06 %#######", "+39 333 #######", "+39 347 ### ####", "+39333%######"],
    worded=["06 %#######", "333 #######", "347 ### ####", "347 1234###", "02 4###.####", "0554######", "333/#######"],
    called=["Chiamami al {} stasera.", "Tel. {}", "Telefono: {}", "Cell. {}", "Cellulare {}", "tel: {}", "Fax {}", "numero di telefono {}"],
    plain=["Si prega di inviarlo a {} entro venerdì.", "{}", "Il cliente ha indicato {} ieri.", "riga;{};ok"],
    born=["Data di nascita: {}", "nato il {}", "nata il {}", "nata a Roma il {}", "nato a Torino il {}"], days=["{d:02d}/{m:02d}/{y}", "{d} {month} {y}", "{d:02d}-{m:02d}-{y}", "{d:02d}.{m:02d}.{y}"],
    months="gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    domains=["example.it", "libero.it", "pec.example.it"], names=["Marco Bianchi", "Lucia Conti"],
    other={
        "it_codice_fiscale": (values.codice_fiscale, ["Codice fiscale: {}", "C.F. {}", "{}", "CF {}"]),
        "eu_vat": (values.partita_iva, ["Partita IVA {}", "P.IVA {}", "P. IVA: {}", "partita iva: {}"]),
        "license_plate": (lambda dice: shaped(dice, dice.choice(["@@###@@", "@@ ### @@"])), ["targa {}", "Targa: {}", "auto targata {}"]),
    },
)  # fmt: skip
ES = Locale(
    alone=["+34 6## ### ###", "+34 91 ### ## ##", "+34 612######", "+34 9## ## ## ##", "+346########"],
    worded=["6## ### ###", "6## ## ## ##", "91 ### ## ##", "612######", "93-###-##-##", "6##-###-###"],
    called=["Llámame al {} esta tarde.", "Teléfono: {}", "Tel. {}", "Tlf: {}", "Móvil: {}", "móvil {}", "Tfno. {}", "su teléfono es {}", "fax {}"],
    plain=["Envíelo por favor a {} antes del viernes.", "{}", "El cliente indicó {} ayer.", "fila;{};ok", "¿Es {}?"],
    born=["Fecha de nacimiento: {}", "nacido el {}", "nacida el {}", "F. nacimiento: {}", "nació el {}"],
    days=["{d:02d}/{m:02d}/{y}", "{d} de {month} de {y}", "{d:02d}-{m:02d}-{y}", "{d}/{m}/{y}"],
    months="enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    domains=["example.es", "correo.example.es", "hotmail.es"], names=["José Núñez", "Marta Gil", "Iñaki Peña"],
    other={
        "es_dni": (values.dni, ["DNI {}", "{}", "D.N.I.: {}", "NIF: {}", "con DNI {} y domicilio"]),
        "es_nie": (values.nie, ["NIE {}", "{}", "NIE: {}"]),
        "license_plate": (lambda dice: shaped(dice, "#### BCD"), ["matrícula {}", "Matrícula: {}"]),
    },
)  # fmt: skip
NL = Locale(
    alone=["06-########", "06 ########", "+31 6 ########", "020-#######", "+31 20 ### ####", "06 12 34 ## ##", "+316########", "0031 6 ########", "(020) 4######"],
    worded=["06########", "020 4######", "0204######"],
    called=["Bel me op {} vanavond.", "Tel: {}", "Telefoon: {}", "Mobiel: {}", "mobiel {}", "telefoonnummer {}", "tel. {}", "bereikbaar op {}"],
    plain=["Graag sturen naar {} voor vrijdag.", "{}", "De klant gaf {} op.", "regel;{};open"],
    born=["Geboortedatum: {}", "geboren op {}", "geb. {}", "geboren {}"], days=["{d:02d}-{m:02d}-{y}", "{d} {month} {y}", "{d:02d}/{m:02d}/{y}", "{d:02d}.{m:02d}.{y}"],
    months="januari februari maart april mei juni juli augustus september oktober november december",
    domains=["example.nl", "ziggo.nl"], names=["Jan Bakker", "Femke Visser"],
    other={
        "nl_bsn": (values.bsn, ["BSN {}", "BSN: {}", "burgerservicenummer {}", "BSN-nummer: {}", "sofinummer {}"]),
        "license_plate": (lambda dice: shaped(dice, dice.choice(["##-@@@-#", "@-###-@@", "@@-##-@@"])), ["kenteken {}", "Kenteken: {}"]),
    },
)  # fmt: skip
PL = Locale(
    alone=["+48 6## ### ###", "+48 22 ### ## ##", "+48 512######", "+485########", "0048 6## ### ###"],
    worded=["6## ### ###", "512-###-###", "22 ### ## ##", "512######", "(22) ### ## ##"],
    called=["Proszę dzwonić pod {} wieczorem.", "tel. {}", "Tel.: {}", "Telefon: {}", "kom. {}", "numer telefonu {}", "tel. kom. {}", "telefonu: {}", "fax {}"],
    plain=["Proszę wysłać to na {} do piątku.", "{}", "Klient podał {} wczoraj.", "wiersz;{};ok"],
    born=["Data urodzenia: {}", "ur. {}", "urodzona {}", "urodzony {}", "data ur. {}"], days=["{d:02d}.{m:02d}.{y}", "{d} {month} {y}", "{y}-{m:02d}-{d:02d}", "{d:02d}-{m:02d}-{y}"],
    months="stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    domains=["example.pl", "wp.pl", "onet.pl"], names=["Łukasz Nowak", "Ewa Wójcik"],
    other={
        "pl_pesel": (values.pesel, ["PESEL {}", "PESEL: {}", "{}", "nr PESEL {}", "pesel: {}"]),
        "pl_nip": (values.nip, ["NIP {}", "NIP: {}", "nr NIP {}"]),
        "license_plate": (lambda dice: shaped(dice, dice.choice(["WA #####", "KR ####@", "PO ##@@#"])), ["nr rejestracyjny {}", "numer rejestracyjny {}", "tablica rejestracyjna {}"]),
    },
)  # fmt: skip
SE = Locale(
    alone=["070-### ## ##", "08-### ## ##", "+46 70 ### ## ##", "+46 8 ### ## ##", "070-#######", "+4670#######", "031-## ## ##"],
    worded=["070#######", "08 ### ## ##", "070 ### ## ##"],
    called=["Ring mig på {} ikväll.", "Tel: {}", "Telefon: {}", "Mobil: {}", "mobilnummer {}", "tfn {}", "Telefonnummer: {}"],
    plain=["Skicka det till {} före fredag.", "{}", "Kunden uppgav {} igår.", "rad;{};ok"],
    born=["Födelsedatum: {}", "född {}", "född den {}"], days=["{y}-{m:02d}-{d:02d}", "{d} {month} {y}", "{y}{m:02d}{d:02d}"],
    months="januari februari mars april maj juni juli augusti september oktober november december",
    domains=["example.se", "telia.com"], names=["Åsa Öberg", "Nils Holm"],
    other={"se_personnummer": (values.personnummer, ["Personnummer: {}", "personnummer {}", "pers.nr {}", "personnr {}", "Personnr: {}"]),
           "license_plate": (lambda dice: shaped(dice, dice.choice(["@@@ ###", "@@@ ##@"])), ["registreringsnummer {}", "regnr {}", "reg.nr {}"])},
)  # fmt: skip
BE = Locale(
    alone=["02 512 ## ##", "0470 ## ## ##", "+32 470 ## ## ##", "+32 2 512 ## ##", "0470/##.##.##", "0470/## ## ##", "+32470######", "09 234 ## ##"],
    worded=["0470######", "02/512.##.##", "025######"],
    called=["Bel naar {} na vijf.", "Tel. {}", "GSM: {}", "gsm {}", "Appelez le {} demain.", "Tél. {}", "Telefoon {}"],
    plain=["Stuur het naar {} voor vrijdag.", "{}", "Envoyez-le à {} svp.", "lijn;{};ok"],
    born=["Geboortedatum: {}", "Date de naissance : {}", "geboren te Gent op {}", "né à Liège le {}"], days=["{d:02d}/{m:02d}/{y}", "{d} {month} {y}", "{d:02d}-{m:02d}-{y}", "{d:02d}.{m:02d}.{y}"], months=NL.months,
    domains=["example.be", "skynet.be"], names=["Lies Peeters", "Hugo Claes"],
    other={"be_nrn": (values.rijksregister, ["Rijksregisternummer: {}", "rijksregisternr. {}", "NISS {}", "numéro national {}", "{}", "INSZ: {}", "RRN {}"]),
           "license_plate": (lambda dice: shaped(dice, "#-@@@-###"), ["nummerplaat {}", "plaque {}"])},
)  # fmt: skip
PT = Locale(
    alone=["+351 91# ### ###", "+351 21 ### ## ##", "+351 912######", "+35191#######"],
    worded=["91# ### ###", "21 ### ## ##", "912######", "21# ### ###"],
    called=["Ligue para {} à noite.", "Telefone: {}", "Tel.: {}", "Telemóvel: {}", "telemóvel {}", "Tlm. {}", "contacto: {}", "tel {}"],
    plain=["Por favor envie para {} até sexta.", "{}", "O cliente indicou {} ontem.", "linha;{};ok"],
    born=["Data de nascimento: {}", "nascido a {}", "nascida em {}", "nasceu em {}"], days=["{d:02d}/{m:02d}/{y}", "{d} de {month} de {y}", "{d:02d}-{m:02d}-{y}"],
    months="janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    domains=["example.pt", "sapo.pt"], names=["João Sousa", "Inês Lopes"],
    other={"pt_nif": (values.nif, ["NIF {}", "NIF: {}", "contribuinte n.º {}", "número de contribuinte {}", "n.º contribuinte: {}"]),
           "license_plate": (lambda dice: shaped(dice, dice.choice(["##-@@-##", "@@-##-@@"])), ["matrícula {}", "Matrícula: {}"])},
)  # fmt: skip
BR = Locale(
    alone=["+55 11 9####-####", "(11) 9####-####", "(21) 2###-####", "+55 (11) 9####-####", "+55119########"],
    worded=["11 9####-####", "119########", "(11)9####-####", "11 9#### ####"],
    called=["Ligue para {} hoje.", "Telefone: {}", "Celular: {}", "Tel: {}", "WhatsApp: {}", "cel. {}", "Fone: {}"],
    plain=["Favor enviar para {} até sexta.", "{}", "O cliente informou {} ontem."],
    born=["Data de nascimento: {}", "nascido em {}", "nascida em {}"], days=["{d:02d}/{m:02d}/{y}", "{d} de {month} de {y}"], months=PT.months,
    domains=["example.com.br", "uol.com.br"], names=["Bruno Lima", "Carla Dias"],
)  # fmt: skip
DK = Locale(
    alone=["+45 2# ## ## ##", "+45 2#######", "+4520######"],
    worded=["20 ## ## ##", "20######", "2012 ####"],
    called=["Ring til {} i aften.", "Tlf. {}", "Telefon: {}", "Mobil: {}", "tlf: {}"],
    plain=["Send det til {} inden fredag.", "{}", "Kunden oplyste {} i går."],
    born=["Fødselsdato: {}", "født {}", "født den {}"], days=["{d:02d}.{m:02d}.{y}", "{d}. {month} {y}", "{d:02d}-{m:02d}-{y}", "{d:02d}/{m:02d}/{y}"],
    months="januar februar marts april maj juni juli august september oktober november december",
    domains=["example.dk"], names=["Søren Bjerg", "Mette Lund"],
)  # fmt: skip
JP = Locale(
    alone=["03-%###-####", "090-%###-####", "+81 90-%###-####", "+81-3-%###-####", "06-6###-####", "\uff10\uff19\uff10-%###-####"],
    worded=["090%#######", "0312######"],
    called=["電話: {}", "TEL: {}", "Tel. {}", "携帯電話\uff1a{}", "お電話は{}まで", "FAX {}"],
    plain=["{}までお送りください。", "{}", "お客様は {} と記入。"],
    born=["生年月日: {}", "生年月日\uff1a{}", "誕生日 {}", "DOB: {}"], days=["{y}年{m}月{d}日", "{y}/{m:02d}/{d:02d}", "{y}-{m:02d}-{d:02d}"], months=US.months,
    domains=["example.jp", "example.co.jp"], names=["Taro Yamada", "Hana Sato"],
)  # fmt: skip
LOCALES = {"en-US": US, "en-GB": GB, "en-AU": AU, "en-IN": INDIA, "de-DE": DE, "fr-FR": FR, "it-IT": IT, "es-ES": ES, "nl-NL": NL, "pl-PL": PL, "sv-SE": SE,
           "nl-BE": BE, "pt-PT": PT, "pt-BR": BR, "da-DK": DK, "ja-JP": JP}  # fmt: skip

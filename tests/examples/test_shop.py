"""The shop's tools do what they say, on a real SQLite file."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest

from ephor.examples.shop.database import ShopError, create_shop
from ephor.examples.shop.people import customers
from ephor.examples.shop.rows import SHARED_HOME, rows
from ephor.examples.shop.shop import Shop

# Published for tests by the card networks and by Stripe and PayPal; kept apart from the shop's own list on purpose.
TEST_NUMBERS = {
    "4111111111111111",
    "4012888888881881",
    "4242424242424242",
    "5555555555554444",
    "5105105105105100",
    "378282246310005",
    "371449635398431",
    "6011111111111117",
}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    create_shop(tmp_path / "a shop #1.db")
    return Shop(tmp_path / "a shop #1.db", tmp_path / "outbox")


def dump(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return "\n".join(connection.iterdump())


def ask(shop: Shop, sql: str) -> list[list[object]]:
    found = shop.database_query(sql)["rows"]
    assert isinstance(found, list)
    return found


def test_two_shops_hold_the_same_rows_to_the_byte(tmp_path: Path) -> None:
    assert create_shop(tmp_path / "one.db")
    assert create_shop(tmp_path / "two.db")
    assert dump(tmp_path / "one.db") == dump(tmp_path / "two.db")


def test_the_first_rows_are_those_of_the_released_shop() -> None:
    digest = hashlib.sha256(repr(sorted(rows().items())).encode()).hexdigest()
    assert digest[:16] == "db9392f586b7337c"


def test_creating_a_shop_twice_keeps_what_happened_in_it(shop: Shop) -> None:
    shop.refund_issue(1071, 100)
    before = dump(shop.path)
    assert not create_shop(shop.path)
    assert dump(shop.path) == before


def test_an_empty_file_left_by_a_killed_process_is_filled(tmp_path: Path) -> None:
    (tmp_path / "shop.db").touch()
    assert create_shop(tmp_path / "shop.db")
    assert Shop(tmp_path / "shop.db", tmp_path).customer_lookup(40)["name"] == "Nuno Exemplo"


def test_many_starting_at_once_make_one_shop(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: create_shop(tmp_path / "shop.db"), range(8)))
    assert sum(made) == 1


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE letters (id INTEGER)")
    with pytest.raises(ShopError, match="something else"):
        create_shop(tmp_path / "other.db")
    (tmp_path / "text.db").write_text("not a database, but long enough to be mistaken for one" * 20)
    with pytest.raises(ShopError, match="not a database"):
        create_shop(tmp_path / "text.db")
    with pytest.raises(ShopError, match="cannot create"):
        create_shop(tmp_path / "no such folder" / "shop.db")


def test_a_missing_shop_is_said_and_not_made(tmp_path: Path) -> None:
    lost = Shop(tmp_path / "lost.db", tmp_path)
    with pytest.raises(ShopError, match="no shop"):
        lost.customer_lookup(7)
    with pytest.raises(ShopError, match="not run"):
        lost.database_query("SELECT 1")
    assert not (tmp_path / "lost.db").exists()


def test_every_reference_in_the_shop_points_to_something(shop: Shop) -> None:
    with closing(sqlite3.connect(shop.path)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_each_total_is_the_sum_of_its_items_and_no_refund_exceeds_it(shop: Shop) -> None:
    wrong = """
        SELECT id FROM orders WHERE total_cents != (
            SELECT sum(quantity * price_cents) FROM order_items WHERE order_id = orders.id
        ) OR total_cents < (SELECT coalesce(sum(amount_cents), 0) FROM refunds WHERE order_id = orders.id)
    """
    assert ask(shop, wrong) == []
    assert ask(shop, "SELECT count(*) FROM orders")[0][0] == 80


def test_exactly_two_customers_share_a_home(shop: Shop) -> None:
    shared = ask(shop, "SELECT address_id FROM customers GROUP BY address_id HAVING count(*) > 1")
    assert shared == [[SHARED_HOME[0]]]
    homes = [shop.customer_lookup(id)["address"] for id in SHARED_HOME]
    assert homes[0] == homes[1]


def test_customers_are_forty_people_told_apart_by_every_field() -> None:
    people = customers()
    assert [one.id for one in people] == list(range(1, 41))
    for field in ("name", "email", "phone"):
        assert len({getattr(one, field) for one in people}) == 40


def test_every_mail_address_is_in_a_domain_reserved_for_examples(shop: Shop) -> None:
    found = re.findall(r"[^\s'\"<>,;]+@[^\s'\"<>,;]+", dump(shop.path))
    assert len(found) > 100
    assert [one for one in found if not re.search(r"@example\.(org|com|net)$", one)] == []


def test_every_phone_number_is_in_a_range_kept_for_fiction() -> None:
    for one in customers():
        digits = one.phone.replace(" ", "")
        british = digits.startswith("+4420794600") and len(digits) == 13  # Ofcom: 020 7946 0000 to 0999
        swedish = re.fullmatch(r"\+467017406\d\d", digits) and 5 <= int(digits[-2:]) <= 99  # PTS
        assert british or swedish


def test_every_card_is_a_published_test_number_that_passes_luhn(shop: Shop) -> None:
    numbers = {str(row[0]) for row in ask(shop, "SELECT number FROM cards")}
    assert numbers == TEST_NUMBERS
    assert all(luhn(number) for number in numbers)
    assert not luhn("4111111111111112")


def luhn(number: str) -> bool:
    doubled = [int(digit) * 2 for digit in number[-2::-2]]
    return (sum(map(int, number[-1::-2])) + sum(value // 10 + value % 10 for value in doubled)) % 10 == 0


def test_a_lookup_returns_the_whole_customer(shop: Shop) -> None:
    found = shop.customer_lookup(7)
    assert found["name"] == "Marit Eksempelsen"
    assert found["cards"] == [{"brand": "visa", "number": "4111111111111111", "expires": "2030-08"}]
    assert found["address"] == {
        "street": "Example Street 7",
        "postal_code": "00007",
        "city": "Eksempelvik",
        "country": "NO",
    }
    orders = found["orders"]
    assert isinstance(orders, list)
    assert [(one["id"], one["total_cents"]) for one in orders] == [(1071, 43800), (1072, 3790)]


@pytest.mark.parametrize("id", [0, -1, 41, 2**63, True, "7", "7 OR 1=1", None, 7.0])
def test_a_lookup_of_nobody_is_refused(shop: Shop, id: int) -> None:
    with pytest.raises(ShopError):
        shop.customer_lookup(id)


def test_refunds_add_up_to_the_total_and_not_a_cent_more(shop: Shop) -> None:
    assert shop.refund_issue(1071, 18_900)["left_cents"] == 24_900
    assert shop.refund_issue(1071, 24_900)["left_cents"] == 0
    with pytest.raises(ShopError, match="more than the 0 left"):
        shop.refund_issue(1071, 1)
    assert ask(shop, "SELECT amount_cents FROM refunds WHERE order_id = 1071") == [[18900], [24900]]


@pytest.mark.parametrize(("order", "amount"), [(1071, 43_801), (1072, 3_691), (1071, 2**70)])
def test_a_refund_above_what_is_left_books_nothing(shop: Shop, order: int, amount: int) -> None:
    before = dump(shop.path)
    with pytest.raises(ShopError, match="more than"):
        shop.refund_issue(order, amount)
    assert dump(shop.path) == before


@pytest.mark.parametrize("amount", [0, -1, True, 25.0, "2500", None])
def test_only_a_positive_whole_amount_is_refunded(shop: Shop, amount: int) -> None:
    with pytest.raises(ShopError, match="not an amount"):
        shop.refund_issue(1071, amount)


def test_an_order_that_does_not_exist_is_not_refunded(shop: Shop) -> None:
    with pytest.raises(ShopError, match="no order"):
        shop.refund_issue(9999, 100)


def test_refunds_at_the_same_moment_do_not_exceed_the_total(shop: Shop) -> None:
    def refund(_: int) -> bool:
        try:
            shop.refund_issue(1071, 10_000)
        except ShopError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(refund, range(12))) == 4
    assert ask(shop, "SELECT sum(amount_cents) FROM refunds WHERE order_id = 1071") == [[40000]]


def test_a_mail_is_a_file_that_any_mail_reader_understands(shop: Shop) -> None:
    to, subject, body = (
        "marit.eksempelsen@example.com",
        "Ordre 1072: beklager, Ægir",
        "Kjære Marit,\nmuggen är på väg.\n",
    )
    sent = shop.email_send(to, subject, body)
    data = (shop.outbox / str(sent["file"])).read_bytes()
    mail = BytesParser(policy=policy.default).parsebytes(data)
    assert (mail["To"], mail["Subject"]) == (to, subject)
    assert mail.get_content().replace("\r\n", "\n") == body
    assert str(mail["Date"]) == "Thu, 01 Oct 2026 09:00:00 +0000"
    assert not mail.defects
    kept = ask(shop, "SELECT customer_id, recipient, subject FROM emails ORDER BY id DESC LIMIT 1")
    assert kept == [[7, to, subject]]


def test_mails_are_numbered_and_never_overwrite_each_other(shop: Shop) -> None:
    shop.outbox.mkdir()
    (shop.outbox / "0002.eml").write_text("already here")
    sent = [shop.email_send("a@example.org", f"n {number}", "b")["file"] for number in range(3)]
    assert sent == ["0003.eml", "0004.eml", "0005.eml"]
    assert (shop.outbox / "0002.eml").read_text() == "already here"


def test_the_same_mail_makes_the_same_bytes(tmp_path: Path) -> None:
    create_shop(tmp_path / "shop.db")
    for folder in ("one", "two"):
        Shop(tmp_path / "shop.db", tmp_path / folder).email_send("a@example.org", "Same", "same")
    assert (tmp_path / "one/0001.eml").read_bytes() == (tmp_path / "two/0001.eml").read_bytes()


def test_mail_to_a_stranger_is_kept_on_nobodys_record(shop: Shop) -> None:
    shop.email_send("stranger@example.org", "Hello", "Who are you?")
    assert ask(shop, "SELECT customer_id FROM emails WHERE recipient = 'stranger@example.org'") == [[None]]


@pytest.mark.parametrize(
    ("to", "subject", "body"),
    [
        ("a@example.org, b@example.org", "s", "b"),
        ("a@example.org\r\nBcc: b@example.org", "s", "b"),
        ("a@example.org\n", "s", "b"),
        ("Somebody <a@example.org>", "s", "b"),
        ("", "s", "b"),
        ("a@example.org", "s\r\nBcc: b@example.org", "b"),
        ("a@example.org", "s\u2028x", "b"),
        ("a@example.org", "s\ud800", "b"),
        ("a@example.org", "", "b"),
        ("a@example.org", "s", ""),
        ("a@example.org", "s", "b\x00"),
        ("a@example.org", "s", "b\udfff"),
        ("a@example.org", "s", "b" * 20_001),
    ],
)
def test_a_mail_that_says_more_than_it_should_is_neither_sent_nor_kept(
    shop: Shop, to: str, subject: str, body: str
) -> None:
    before = ask(shop, "SELECT count(*) FROM emails")
    with pytest.raises(ShopError):
        shop.email_send(to, subject, body)
    assert list(shop.outbox.glob("*")) == []
    assert ask(shop, "SELECT count(*) FROM emails") == before


def test_a_ticket_is_opened_listed_and_closed_once(shop: Shop) -> None:
    opened = shop.ticket_management("open", 7, subject="Broken jug", text="It came in two pieces.")["tickets"]
    assert isinstance(opened, list)
    number = opened[0]["id"]
    assert opened[0]["status"] == "open"
    closed = shop.ticket_management("close", 7, ticket=number)["tickets"]
    assert isinstance(closed, list)
    assert [(one["id"], one["status"]) for one in closed] == [(number, "closed")]
    with pytest.raises(ShopError, match="no open ticket"):
        shop.ticket_management("close", 7, ticket=number)
    listed = shop.ticket_management("list", 7)["tickets"]
    assert isinstance(listed, list)
    assert {one["id"] for one in listed} == {3, number}


def test_another_customers_ticket_is_neither_shown_nor_closed(shop: Shop) -> None:
    with pytest.raises(ShopError, match="no open ticket"):
        shop.ticket_management("close", 8, ticket=3)
    assert shop.ticket_management("list", 8)["tickets"] == []
    assert ask(shop, "SELECT status FROM tickets WHERE id = 3") == [["open"]]


@pytest.mark.parametrize(
    ("subject", "text"), [("", "t"), ("s", ""), (" ", "t"), ("s", "\ud800"), ("s\x00", "t")]
)
def test_a_ticket_that_says_nothing_is_refused(shop: Shop, subject: str, text: str) -> None:
    with pytest.raises(ShopError, match="needs a subject"):
        shop.ticket_management("open", 7, subject=subject, text=text)


@pytest.mark.parametrize("action", ["", "delete", "OPEN"])
def test_an_unknown_action_on_tickets_is_refused(shop: Shop, action: str) -> None:
    with pytest.raises(ShopError, match="unknown action"):
        shop.ticket_management(action, 7)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM customers",
        "UPDATE customers SET name = 'x'",
        "DROP TABLE customers",
        "CREATE TABLE t (id)",
        "CREATE TEMP TABLE t (id)",
        "ATTACH 'stolen.db' AS other",
        "PRAGMA writable_schema = 1",
        "VACUUM INTO 'stolen.db'",
        "SELECT 1; DELETE FROM customers",
        "SELECT load_extension('x')",
        "BEGIN",
        "",
        "-- nothing",
        "not sql",
        "SELECT zeroblob(100000000)",
        "SELECT '\ud800'",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    ],
)
def test_a_query_that_does_more_than_read_is_refused(
    shop: Shop, sql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.path.parent)
    before = dump(shop.path)
    with pytest.raises(ShopError, match="not run"):
        shop.database_query(sql)
    assert dump(shop.path) == before
    assert [one.name for one in shop.path.parent.glob("*") if one != shop.path] == []


def test_a_query_returns_at_most_two_hundred_rows_and_says_so(shop: Shop) -> None:
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i FROM n"
    found = shop.database_query(many)
    assert isinstance(found["rows"], list)
    assert (found["columns"], len(found["rows"]), found["truncated"]) == (["i"], 200, True)
    assert shop.database_query("SELECT x'c0ffee'")["rows"] == [["c0ffee"]]


def test_the_shop_offers_its_tools_by_name(shop: Shop) -> None:
    assert sorted(shop.tools()) == [
        "customer_lookup",
        "database_query",
        "email_send",
        "refund_issue",
        "ticket_management",
    ]
    assert shop.tools()["customer_lookup"](id=7)["id"] == 7

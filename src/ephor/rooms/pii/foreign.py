"""Words in other scripts that say what number follows: 전화번호, जन्म तिथि, дата рождения. Each kind becomes a byte of its own."""

# ruff: noqa: RUF001 - these letters are meant

from __future__ import annotations

import re
from types import MappingProxyType

_STAND_IN = 0xE000
"""A word becomes as many private-use characters as it has, which fold to the byte of its kind."""

PHONE, PHONE_WEAK, BIRTH, CARD_CODE, PASSWORD = "\x8b", "\x8c", "\x8d", "\x8e", "\x8f"
MY_NUMBER, RRN, RESIDENT, AADHAAR, PAN = "\x90", "\x91", "\x92", "\x93", "\x94"
PASSPORT, LICENCE, ACCOUNT, NATIONAL = "\x95", "\x96", "\x97", "\x98"

_WORDS = MappingProxyType(
    {
        PHONE: "전화번호 전화 휴대폰 휴대전화 핸드폰 연락처 팩스 फोन फ़ोन फ़ोन मोबाइल दूरभाष هاتف الهاتف جوال الجوال موبايل محمول الموبايل تلفون تليفون "
        "телефон Телефон тел Тел моб Моб факс Факс τηλέφωνο Τηλέφωνο τηλ Τηλ κινητό Κινητό טלפון נייד โทรศัพท์ โทร มือถือ 传真 手机号 電話番号 フォン ケータイ",
        PHONE_WEAK: "연락 전화해 联系 聯絡 聯繫 致电 拨打 連絡先 連絡 звоните позвоните Позвоните Звоните اتصل संपर्क कॉल",
        BIRTH: "생년월일 출생일 생일 जन्मतिथि जन्म/तिथि जन्म/तारीख जन्मदिन تاريخ/الميلاد تاريخ/ميلاد مواليد дата/рождения Дата/рождения дата/народження Дата/народження "
        "родился родилась ημερομηνία/γέννησης Ημερομηνία/γέννησης תאריך/לידה วันเกิด 生日 誕生日 出生日期 出生年月",
        CARD_CODE: "安全码 セキュリティコード 보안코드",
        PASSWORD: "비밀번호 密码 密碼 パスワード пароль Пароль पासवर्ड كلمة/المرور كلمة/السر κωδικός סיסמה",
        MY_NUMBER: "マイナンバー 個人番号",
        RRN: "주민등록번호 주민번호 외국인등록번호",
        RESIDENT: "身份证号码 身份证号 身份证 身分證",
        AADHAAR: "आधार ఆధార్ ஆதார் আধার આધાર",
        PAN: "पैन",
        PASSPORT: "여권번호 여권 护照号 护照 護照 旅券番号 パスポート паспорт Паспорт पासपोर्ट جواز/السفر جواز/سفر διαβατήριο דרכון",
        LICENCE: "운전면허 驾照 驾驶证 運転免許 водительское/удостоверение رخصة/القيادة",
        ACCOUNT: "계좌번호 계좌 银行账号 银行卡号 账号 口座番号 口座 расчетный/счет खाता رقم/الحساب",
        NATIONAL: "رقم/الهوية الهوية/الوطنية ИНН СНИЛС ταυτότητα ΑΦΜ תעודת/זהות",
    }
)
_KIND = MappingProxyType(
    {
        word.replace("/", " "): chr(_STAND_IN + ord(kind))
        for kind, words in _WORDS.items()
        for word in words.split()
    }
)
_ANY = re.compile("|".join(map(re.escape, sorted(_KIND, key=len, reverse=True))))
IN_WORDS = frozenset("".join(_KIND)) - {" "}
"""Every character of these words."""


def known_words(text: str) -> str:
    """Return *text*, as long as before, with the known words told apart from other letters.

    >>> known_words("tel 1") == "tel 1", len(known_words("전화 1"))
    (True, 4)
    """
    return _ANY.sub(lambda found: _KIND[found.group()] * len(found.group()), text)

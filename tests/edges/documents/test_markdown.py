"""A document as Markdown, read back by a Markdown parser."""

import pytest
from markdown_it import MarkdownIt

from ephor.edges.documents.markdown import escaped, markdown
from sample_document import every_block

HOSTILE = [
    "<script>alert(1)</script>",
    "[click](javascript:alert(1)) ![x](http://evil.example/x.png)",
    "# heading",
    "- item\n- item",
    "1. one",
    "a | b | c",
    "```\ncode",
    "***bold*** _it_ ~~gone~~ `code`",
    "[^1]: not a footnote",
    "&lt;b&gt; &#60;",
    "\\",
    "www.evil.example https://evil.example me@evil.example",
    "> quote\n===\n---",
    "\x1b[2J\u202edesrever\x00",
]
ALLOWED = {
    "heading_open", "paragraph_open", "inline", "bullet_list_open", "list_item_open", "table_open", "thead_open", "tr_open",
    "th_open", "tbody_open", "td_open", "blockquote_open",
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_does_nothing(text):
    parser = MarkdownIt("gfm-like", {"linkify": False}).enable("table")
    shape = [one.type for one in parser.parse(markdown(every_block("plain words")))]
    tokens = parser.parse(markdown(every_block(text)))
    assert [one.type for one in tokens] == shape  # the same blocks, whatever the words
    inner = [child for one in tokens for child in one.children or ()]
    assert {one.type for one in inner} <= {
        "text", "text_special", "strong_open", "strong_close", "em_open", "em_close", "code_inline", "softbreak",
    }  # fmt: skip


def test_what_is_shown_is_what_was_said():
    text = "a*b_c [d](e) <f> | g & h `i` \\ 50% $5 ~j~"
    shown = MarkdownIt().parseInline(escaped(text))[0].children
    assert "".join(one.content for one in shown) == text


def test_statements_carry_numbered_footnotes():
    page = markdown(every_block("words"))
    assert "[^1][^2]" in page
    assert "[^2]: Ledger entry `evt_0198a0f1` · agent.registered/1, 2026-11-20" in page
    assert "> **Open:** words (words)[^1]\n> To close it: words" in page

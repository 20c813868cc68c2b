"""A document as a page, read back by an HTML parser."""

import re
from html.parser import HTMLParser

import pytest

from ephor.edges.documents.html import html
from sample_document import every_block

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><script>alert(1)</script>",
    "</title></main><iframe src=https://evil.example>",
    '"; } body { display: none } /*',
    "&lt;script&gt; &amp; ' \"",
    "]]><svg onload=alert(1)>",
    "\u202edesrever\x00\x1b",
]


class _Shape(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.words, self.style = [], [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_makes_no_tag_and_no_attribute(text):
    assert _Shape(html(every_block(text))).tags == _Shape(html(every_block("words"))).tags


def test_the_words_are_shown_as_they_are():
    assert "<b> & \"c\" 'd'" in _Shape(html(every_block("<b> & \"c\" 'd'"))).words


def test_the_page_needs_nothing_from_outside_and_runs_nothing():
    page = html(every_block("words"))
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page


def test_every_reference_and_every_link_in_the_contents_leads_somewhere():
    shape = html(every_block("words"))
    targets = set(re.findall(r'id="([^"]+)"', shape))
    links = set(re.findall(r'href="#([^"]+)"', shape))
    assert links <= targets
    assert {"s1", "s1.1", "s2", "e1", "e2"} <= links

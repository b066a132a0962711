from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Unavailable
from engine.intelligence.sources.json_articles import read_json

ITEM = {"title": "Bitcoin rises", "url": "https://a.example/1", "summary": "Up.", "published": 1751364000}


def encoded(document: object) -> bytes:
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ([ITEM], ""),
        ({"articles": [ITEM]}, ""),
        ({"data": {"items": [ITEM]}}, "data.items"),
        ({"pages": [{"list": [ITEM]}]}, "pages.0.list"),
    ],
)
def test_where_the_list_is(document: object, path: str) -> None:
    (article,) = read_json(encoded(document), path)
    assert (article.title, article.url, article.summary) == ("Bitcoin rises", "https://a.example/1", "Up.")
    assert article.published == 1751364000


def test_the_usual_other_names() -> None:
    other = {"headline": "T", "link": "https://a", "body": "B", "publishedAt": "2025-07-01T10:00:00Z"}
    (article,) = read_json(b"\xef\xbb\xbf" + encoded([other]), "")
    assert (article.title, article.url, article.summary) == ("T", "https://a", "B")
    assert article.published == "2025-07-01T10:00:00Z"


def test_fields_of_the_wrong_kind_are_left_out() -> None:
    odd = {"title": "T", "url": {"href": "x"}, "summary": ["a"], "published": True, "date": 5}
    (article,) = read_json(encoded([odd, 7, None, "text"]), "")
    assert (article.title, article.url, article.summary, article.published) == ("T", "", "", 5)


@pytest.mark.parametrize(
    ("body", "path", "what"),
    [
        (b"<rss>", "", "not JSON"),
        (b"", "", "not JSON"),
        (b"[" * 100_000, "", "not JSON"),
        (b'["\xff"]', "", "not JSON"),
        (b"{}", "", "no list at the document"),
        (b'{"data": {}}', "data.items", "no list at data.items"),
        (b'{"data": []}', "data.0", "no list at data.0"),
        (b'[{"name_of_it": "x"}]', "", "no title"),
    ],
)
def test_what_cannot_be_read_is_said(body: bytes, path: str, what: str) -> None:
    with pytest.raises(Unavailable, match=what):
        read_json(body, path)


def test_an_empty_list_is_no_error() -> None:
    assert read_json(b'{"items": []}', "") == ()


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["title", "url", "published", "items", "x"]), inner)
        ),
    ),
    st.sampled_from(["", "items", "x.0.items"]),
)
def test_any_json_is_read_or_refused(document: object, path: str) -> None:
    try:
        for article in read_json(encoded(document), path):
            assert isinstance(article.title, str)
    except Unavailable:
        pass

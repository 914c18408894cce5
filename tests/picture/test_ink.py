from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.picture.ink import printable, shorten, width_of, wrap

texts = st.text(max_size=80)


@settings(max_examples=60, deadline=None)
@given(texts, st.integers(0, 400))
def test_a_shortened_text_fits(text, width):
    assert width_of(shorten(text, 14, width), 14) <= width


@settings(max_examples=60, deadline=None)
@given(texts, st.integers(60, 400))
def test_wrapped_lines_fit_and_lose_no_word_that_fits(text, width):
    lines = wrap(text, 14, width)
    assert all(width_of(line, 14) <= width for line in lines)
    words = [word for word in printable(text).split() if width_of(word, 14) <= width]
    kept = " ".join(lines).split()
    assert all(word in kept for word in words)


def test_a_long_name_keeps_both_ends():
    short = shorten("IMG_2024_" + "x" * 200 + "_final.jpeg", 14, 200)
    assert short.startswith("IMG_20")
    assert "..." in short
    assert short.endswith("inal.jpeg")


def test_letters_that_the_font_lacks_are_replaced():
    assert printable("José Łukasz 張偉\n.jpg") == "Jose ?ukasz ???.jpg"

"""What a message says, and what no header of it can hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from myriad.scale.mail.letters import Letters
from myriad.scale.mail.sending import Mail


@pytest.fixture
def letters(tmp_path: Path) -> Letters:
    """One message of a line."""
    (tmp_path / "hello.txt").write_text("Hello {{ who | loud }}", encoding="utf-8")
    (tmp_path / "hello.html").write_text("<p>Hello {{ who | loud }}</p>", encoding="utf-8")
    return Letters(tmp_path, {"loud": lambda who: str(who).upper()})


def _write(letters: Letters, **values: str) -> Mail:
    return letters.write(
        "hello",
        values,
        to="ann@example.com",
        name="Ann\nBcc: all@example.com",
        subject="Hi\r\nBcc: all@example.com",
        message_key="one",
    )


def test_text_is_as_it_is_and_html_escapes_it(letters: Letters) -> None:
    mail = _write(letters, who="<b>Ann</b>")
    assert (mail.text, mail.html) == (
        "Hello <B>ANN</B>",
        "<p>Hello &lt;B&gt;ANN&lt;/B&gt;</p>",
    )
    assert (mail.name, mail.subject) == ("Ann Bcc: all@example.com", "Hi  Bcc: all@example.com")


def test_a_value_that_nobody_gave_is_no_empty_place(letters: Letters) -> None:
    with pytest.raises(UndefinedError, match="who"):
        _write(letters)

"""A part of a page is drawn once; what is the looker's own is put in at each answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from myriad.scale import ui

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)
TEMPLATE = """{% extends layout %}
{% block title %}{{ name }}{% endblock %}
{% block content %}<h1>{{ name }}</h1>{{ ui.csrf() }}<p>{{ read | ago }}</p>{{ ui.csrf() }}{% endblock %}
"""


@pytest.fixture
def renderer(tmp_path: Path) -> ui.Renderer:
    """A renderer of one page."""
    (tmp_path / "sample.html").write_text(TEMPLATE)
    return ui.Renderer(tmp_path)


def page(token: str, hours: int = 0) -> ui.PageContext:
    """Return the page of somebody, some hours later."""
    return ui.PageContext(
        path="/sample",
        csrf_token=token,
        user_name="Mara",
        zone="Europe/Berlin",
        now=NOW + timedelta(hours=hours),
    )


def test_an_answer_is_what_the_template_draws_by_itself(renderer: ui.Renderer) -> None:
    """A part within its shell is, byte for byte, the page drawn at once."""
    values: dict[str, Any] = {"name": "Lee & <Kim>", "read": NOW - timedelta(minutes=5)}
    part = renderer.draw("Europe/Berlin", "sample.html", **values)
    whole = bytes(renderer.respond(page("token"), "sample.html", **values).body)
    assert bytes(ui.respond_part(page("token"), part).body) == whole


def test_a_part_holds_nothing_of_who_looked_first(renderer: ui.Renderer) -> None:
    """Two people get their own tokens, and each the age of things when they look."""
    part = renderer.draw("Europe/Berlin", "sample.html", name="x", read=NOW)
    first = bytes(ui.respond_part(page("token-of-one", 1), part).body).decode()
    second = bytes(ui.respond_part(page("token-of-two", 3), part).body).decode()
    assert part.content(page("token-of-one")).count('value="token-of-one"') == 2
    assert "token-of-one" not in second
    assert "1 hour ago" in first
    assert "3 hours ago" in second
    assert "Mara" not in "".join(part.texts)


def test_data_that_looks_like_a_hole_makes_none(renderer: ui.Renderer) -> None:
    """A customer's name is a name, also when it is written as the mark of another drawing."""
    nasty = "hole-0123456789abcdef-;"
    part = renderer.draw("UTC", "sample.html", name=nasty, read=NOW)
    assert len(part.holes) == 3
    assert f"<h1>{nasty}</h1>" in part.content(page("token"))


def test_a_part_is_the_same_after_the_shared_cache(renderer: ui.Renderer) -> None:
    """What is written to the shared layer is what is read."""
    part = renderer.draw("UTC", "sample.html", name="x", read=NOW)
    read = msgspec.msgpack.decode(msgspec.msgpack.encode(part), type=ui.Part)
    assert read == part

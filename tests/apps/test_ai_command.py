"""`./myriad ai`: what is said of an answer, and of who gave it."""

from __future__ import annotations

from pathlib import Path

from myriad.apps.cli.ai import answer_lines, app
from myriad.kit.ids import new_id
from myriad.scale.ai import AIAnswer
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.runtime import Runtime
from tests.apps.terminal import invoke
from tests.fixtures.app import create_company

_OFFLINE = AIAnswer(
    text="No model has read it.", provider="offline", model="offline", model_class="small"
)


async def test_without_a_key_the_answer_says_which_variables_turn_a_model_on(
    runtime: Runtime, database_urls: ServerUrls, tmp_path: Path
) -> None:
    company = await create_company(runtime)
    words = ("ask", "What is churn?", "--tenant", str(company.tenant_id))
    said = await invoke(app, words, tmp_path, database_urls)
    assert said.done.returncode == 0
    assert "no model has read the question" in said.done.stdout
    assert "MYRIAD_AI__ANTHROPIC_API_KEY" in said.done.stdout


def test_when_models_are_configured_and_all_failed_nobody_is_told_to_configure_one() -> None:
    failed = AIAnswer(
        text=_OFFLINE.text,
        provider="offline",
        model="offline",
        model_class="small",
        degraded=True,
        reasons=("anthropic:claude-haiku-4-5: provider failed",),
    )
    lines = answer_lines(failed)
    assert not any("MYRIAD_AI__" in line for line in lines)
    assert lines[-1] == "  anthropic:claude-haiku-4-5: provider failed"
    assert any("MYRIAD_AI__" in line for line in answer_lines(_OFFLINE))


def test_an_answer_that_was_cut_off_says_so() -> None:
    cut = AIAnswer(text="A churn ra", provider="p", model="m", model_class="small", is_cut=True)
    assert any("limit of tokens" in line for line in answer_lines(cut))


async def test_an_account_that_is_not_there_is_named_whether_by_slug_or_by_id(
    database_urls: ServerUrls, tmp_path: Path
) -> None:
    for word in ("nobody-here", str(new_id())):
        said = await invoke(app, ("cost", "--tenant", word), tmp_path, database_urls)
        assert said.done.returncode == 2
        assert f"there is no account '{word}'" in said.done.stderr

"""`./myriad bench` names what can be run, and nothing else of its folder."""

from __future__ import annotations

from pathlib import Path

from myriad.apps.cli.bench import list_benches


def test_only_what_prints_its_own_result_is_a_bench(tmp_path: Path) -> None:
    """Peers, worlds and children stand beside benches and are none."""
    (tmp_path / "cache.py").write_text('"""How fast.\n\nMore."""\nprint("RESULT cache x=1")\n')
    (tmp_path / "limits_.py").write_text('"""How many."""\nprint(f"RESULT limits n={1}")\n')
    (tmp_path / "cache_peer.py").write_text(
        '"""Reads a line of its bench."""\nprint("RESULT cache-two")\n'
    )
    (tmp_path / "peers.py").write_text('"""Environments."""\n')
    assert list_benches(tmp_path) == {"cache": "How fast.", "limits": "How many."}


def test_every_bench_of_the_house_says_what_it_measures() -> None:
    found = list_benches()
    assert {"start", "keeper-churn", "jobs-kill", "upswitch-exact"} <= set(found)
    assert not {name for name in found if name.endswith(("-peer", "-plain", "-world", "-child"))}
    assert all(claim.endswith((".", ";")) for claim in found.values())

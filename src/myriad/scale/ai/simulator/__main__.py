"""`python -m myriad.scale.ai.simulator`: serve the simulated providers until told to stop."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from myriad.scale.ai.simulator.app import create_app
from myriad.scale.ai.simulator.world import World
from myriad.scale.simulator.serving import create_parser, run_command, serve

DEFAULT_PORT = 8378


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and serve; 2 when the port is taken."""
    parser = create_parser("OpenAI and Anthropic", DEFAULT_PORT)
    parser.add_argument("--base-seconds", type=float, default=0.0, help="an answer's time")
    parser.add_argument("--seconds-an-item", type=float, default=0.0, help="more for each item")
    parser.add_argument("--answer", help="say this, whatever is asked")
    return run_command(parser, run_simulator, arguments)


def run_simulator(
    *,
    port: int = DEFAULT_PORT,
    host: str = "127.0.0.1",
    base_seconds: float = 0.0,
    seconds_an_item: float = 0.0,
    answer: str | None = None,
    quiet: bool = False,
    **_: object,
) -> None:
    """Serve both providers; raises InvalidInputError when the port is taken."""
    # Every question contains the empty text.
    answers = {} if answer is None else {"": answer}
    world = World(base_seconds=base_seconds, seconds_an_item=seconds_an_item, answers=answers)
    address = f"http://{host}:{port}"
    greeting = (
        f"Simulated model providers at {address}. To use them:\n"
        f"  MYRIAD_AI__ANTHROPIC_BASE_URL={address} MYRIAD_AI__OPENAI_BASE_URL={address}/v1\n"
    )
    serve(create_app(world), host=host, port=port, quiet=quiet, greeting=greeting)


if __name__ == "__main__":
    sys.exit(main())

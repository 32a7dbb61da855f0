"""A real HTTP server that answers like OpenAI and Anthropic, and fails on request.

It stands in for both in tests, benches and the demo. What it says is made up and repeatable; its
tokens are a fixed rule, its bill is its own arithmetic.
"""

from myriad.scale.ai.simulator.app import create_app
from myriad.scale.ai.simulator.world import Fault, World

__all__ = ["Fault", "World", "create_app"]

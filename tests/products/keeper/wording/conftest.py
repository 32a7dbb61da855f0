"""The simulated providers of the gateway's own tests."""

from __future__ import annotations

from tests.scale.ai.conftest import make_gateway, simulated, simulator_server

__all__ = ["make_gateway", "simulated", "simulator_server"]

"""A real HTTP server that behaves like Square, for the demo and for tests.

It keeps Square's shapes, cursors, windows, defaults, rate limits, signatures and eventual
consistency. Facts come from Square's API reference of 2025-08-20.
"""

from myriad.products.keeper.square.simulator.app import create_app
from myriad.products.keeper.square.simulator.server import run_simulator
from myriad.products.keeper.square.simulator.settings import SimulatorSettings

__all__ = ["SimulatorSettings", "create_app", "run_simulator"]

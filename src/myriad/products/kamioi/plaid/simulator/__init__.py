"""A real HTTP server that behaves like Plaid, for the demo and for tests.

Members and purchases are the same for the same seed. Trouble comes on demand (`/_control/…`).
"""

from myriad.products.kamioi.plaid.simulator.app import create_app
from myriad.products.kamioi.plaid.simulator.state import PlaidFaults, PlaidSimulator
from myriad.products.kamioi.plaid.simulator.world import Bank, PlaidWorld

__all__ = ["Bank", "PlaidFaults", "PlaidSimulator", "PlaidWorld", "create_app"]

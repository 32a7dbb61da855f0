"""A simulated Google Business Profile: a real HTTP server with Google's shapes, limits and faults."""

from myriad.products.keeper.google.simulator.app import create_app
from myriad.products.keeper.google.simulator.state import GoogleSettings, GoogleSimulator
from myriad.products.keeper.google.simulator.world import Business, GoogleWorld, Spot

__all__ = ["Business", "GoogleSettings", "GoogleSimulator", "GoogleWorld", "Spot", "create_app"]

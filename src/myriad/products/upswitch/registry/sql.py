"""The named SQL of the registry."""

from __future__ import annotations

from myriad.scale.data import NamedQueries

QUERIES = NamedQueries.load("myriad.products.upswitch.registry")

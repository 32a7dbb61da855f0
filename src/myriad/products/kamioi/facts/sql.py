"""The named SQL of the facts, which belong to no tenant."""

from __future__ import annotations

from myriad.scale.data import NamedQueries

QUERIES = NamedQueries.load("myriad.products.kamioi.facts")

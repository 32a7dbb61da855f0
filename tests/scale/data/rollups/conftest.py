"""The table by month that each test here has."""

from tests.scale.data.monthly_table import table

__all__ = ["table"]

"""Two companies with Keeper accounts and clients that speak to them."""

from tests.products.keeper.keeping.conftest import desk, keeper_app, other_desk

__all__ = ["desk", "keeper_app", "other_desk"]

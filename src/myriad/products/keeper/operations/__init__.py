"""Running Keeper for many accounts: load over the week, bounds, and what an account costs."""

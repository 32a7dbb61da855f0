"""A member's banks: linked on Plaid's own pages, mended, chosen to be pulled from, let go."""

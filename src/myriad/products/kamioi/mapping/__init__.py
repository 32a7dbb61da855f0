"""From a string on a statement to a brand, and why; no database and no network."""

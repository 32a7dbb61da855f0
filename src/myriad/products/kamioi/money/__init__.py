"""From a purchase to a share: round-ups, sweeps, orders, lots, and the ledger under them all."""

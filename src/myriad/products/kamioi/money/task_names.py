"""What the jobs of money are called; light, for manifests and those who queue them."""

from __future__ import annotations

ACCRUE_TASK = "kamioi.round_ups.accrue"
SWEEP_TASK = "kamioi.sweeps.request"
SETTLE_TASK = "kamioi.sweeps.settle"
WINDOW_TASK = "kamioi.orders.window"
FILLS_TASK = "kamioi.orders.fills"
END_TASK = "kamioi.orders.end"
ACTIONS_TASK = "kamioi.actions.apply"
RECONCILE_TASK = "kamioi.broker.reconcile"
AMORTIZE_TASK = "kamioi.costs.amortize"

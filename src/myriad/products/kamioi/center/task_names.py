"""What the jobs of the center are called; light, for those who queue them."""

from __future__ import annotations

REDECIDE_TASK = "kamioi.descriptors.redecide"

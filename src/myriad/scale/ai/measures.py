"""Metrics of asking models: by product and class, never by tenant."""

from __future__ import annotations

from myriad.scale.observe.metrics import Counter, Gauge, Histogram

CALLS = Counter(
    "myriad_ai_calls", "Calls to models by how they ended", ["product", "model_class", "outcome"]
)
TOKENS = Counter("myriad_ai_tokens", "Tokens by kind", ["product", "model_class", "kind"])
COST = Counter(
    "myriad_ai_cost_usd_micros", "Money in millionths of a dollar", ["product", "model_class"]
)
ANSWERS = Counter(
    "myriad_ai_answers", "Answers by where they came from", ["product", "model_class", "source"]
)
CALL_SECONDS = Histogram(
    "myriad_ai_call_seconds",
    "Duration of calls to models",
    ["model_class"],
    buckets=(0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120),
)
UNRECORDED = Counter("myriad_ai_ledger_failures", "Times that the cost ledger took no entries")
BATCHES_OPEN = Gauge("myriad_ai_batches_open", "Batches under way at providers")
BATCH_OLDEST_SECONDS = Gauge(
    "myriad_ai_batch_oldest_seconds", "Age of the oldest batch under way at a provider"
)

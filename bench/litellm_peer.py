"""LiteLLM in its own environment: CPU microseconds a call, as JSON on the last line.

Arguments: address of the simulated provider, calls, runs, how many at once.
"""

import asyncio
import json
import logging
import sys
import time

import litellm

logging.disable(logging.CRITICAL)
litellm.suppress_debug_info = True


async def measure(url: str, calls: int, runs: int, at_once: int) -> dict:
    access = {"api_key": "sim", "api_base": f"{url}/v1"}
    said = [{"role": "user", "content": "Which ticker is this shop?"}]
    options = {"messages": said, "max_completion_tokens": 100, "num_retries": 0}
    router = litellm.Router(
        model_list=[
            {
                "model_name": "chat",
                "litellm_params": {"model": "openai/gpt-5-mini", **access},
                "rpm": 10_000_000,
                "tpm": 10_000_000_000,
            }
        ],
        num_retries=0,
    )
    contenders = {
        "LiteLLM acompletion": lambda: litellm.acompletion(
            model="openai/gpt-5-mini", **access, **options
        ),
        "LiteLLM Router": lambda: router.acompletion(model="chat", **options),
    }
    best = dict.fromkeys(contenders, float("inf"))
    for run in range(runs + 1):
        for name, call in contenders.items():
            spent = await cpu(call, calls if run else at_once * 2, at_once)
            if run:
                best[name] = min(best[name], spent)
    return best


async def cpu(call, calls: int, at_once: int) -> float:
    async def some() -> None:
        for _ in range(calls // at_once):
            await call()

    started = time.process_time()
    await asyncio.gather(*(some() for _ in range(at_once)))
    return (time.process_time() - started) / (calls // at_once * at_once) * 1e6


if __name__ == "__main__":
    address, calls, runs, at_once = sys.argv[1], *map(int, sys.argv[2:])
    print(json.dumps(asyncio.run(measure(address, calls, runs, at_once))))

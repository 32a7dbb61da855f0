"""One way to ask a model: within a budget and a deadline, cached, counted, with a way down.

`gateway.Gateway.of(runtime)` is this process's gateway, `items.ItemsRequest` asks it for a code for
each of many items. Without a key only the offline provider answers.
"""

from myriad.scale.ai.errors import InvalidOutputError, NoAnswerError, StreamBrokenError
from myriad.scale.ai.offline import answers_offline
from myriad.scale.ai.prompts import DATA_RULE, Prompt, load_prompt, quote
from myriad.scale.ai.request import NO_CACHE, AIAnswer, AIRequest, CachePolicy, Message, Usage
from myriad.scale.ai.settings import AISettings

__all__ = [
    "DATA_RULE",
    "NO_CACHE",
    "AIAnswer",
    "AIRequest",
    "AISettings",
    "CachePolicy",
    "InvalidOutputError",
    "Message",
    "NoAnswerError",
    "Prompt",
    "StreamBrokenError",
    "Usage",
    "answers_offline",
    "load_prompt",
    "quote",
]

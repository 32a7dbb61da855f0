"""One way to ask a model: within a budget and a deadline, cached, counted, with a way down.

`Gateway.of(runtime)` is this process's gateway. Without a key only the offline provider answers.
"""

from myriad.scale.ai.errors import InvalidOutputError, NoAnswerError, StreamBrokenError
from myriad.scale.ai.gateway import Gateway
from myriad.scale.ai.items import ItemsAnswer, ItemsRequest
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
    "Gateway",
    "InvalidOutputError",
    "ItemsAnswer",
    "ItemsRequest",
    "Message",
    "NoAnswerError",
    "Prompt",
    "StreamBrokenError",
    "Usage",
    "answers_offline",
    "load_prompt",
    "quote",
]

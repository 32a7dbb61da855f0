"""Real providers by `pydantic_ai.direct`; nothing else in Myriad holds a key of a model provider.

The libraries take seconds to import: `Gateway.start_warming` loads them beside a process's start,
else the first call does, within its deadline. Retries inside the SDKs are off: they would delay the
ladder and hide calls from the limiter.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any

from pydantic import SecretStr

from myriad.kit.lazy import lazily
from myriad.scale.ai import translate
from myriad.scale.ai.catalog import ModelKey
from myriad.scale.ai.outcome import (
    CallFailedError,
    CallLimitedError,
    CallRefusedError,
    CallTimedOutError,
    ProviderFailedError,
    Reply,
)
from myriad.scale.ai.request import AIRequest
from myriad.scale.ai.settings import AISettings

anthropic_models = lazily("pydantic_ai.models.anthropic")
anthropic_providers = lazily("pydantic_ai.providers.anthropic")
anthropic_sdk = lazily("anthropic")
direct = lazily("pydantic_ai.direct")
exceptions = lazily("pydantic_ai.exceptions")
http = lazily("httpx2")
openai_models = lazily("pydantic_ai.models.openai")
openai_providers = lazily("pydantic_ai.providers.openai")
openai_sdk = lazily("openai")

_CONNECT_SECONDS = 5.0
_CONNECTIONS = 200
_NO_KEY = "none"
_headers: ContextVar[dict[str, str] | None] = ContextVar("myriad_ai_headers", default=None)


class Providers:
    """Models at the providers that are configured, each made once, with one pool of connections."""

    def __init__(self, settings: AISettings) -> None:
        self._settings = settings
        self._models: dict[ModelKey, Any] = {}
        self._client: Any = None
        self._loading: dict[ModelKey, asyncio.Task[None]] = {}
        self._preparing = asyncio.Lock()

    @property
    def configured(self) -> tuple[str, ...]:
        """The names of the providers that have a key or an address."""
        return tuple(name for name in ("anthropic", "openai", "compatible") if self._has(name))

    def can_call(self, key: ModelKey) -> bool:
        """Whether the model's provider has a key or an address here."""
        return key.provider in self.configured

    def _has(self, name: str) -> bool:
        key, address = self._access(name)
        return bool(key) or bool(address)

    def _access(self, name: str) -> tuple[str, str]:
        secret: SecretStr | None = getattr(self._settings, f"{name}_api_key")
        address: str = getattr(self._settings, f"{name}_base_url")
        return (secret.get_secret_value() if secret else "", address)

    async def call(self, key: ModelKey, request: AIRequest, timeout_seconds: float) -> Reply:
        """Ask the model once; raises a CallFailedError that says whose fault it was."""
        with catching(str(key)), _listening() as headers:
            response = await direct.model_request(
                self.model(key),
                translate.messages(request),
                model_settings=translate.settings(request, timeout_seconds),
                model_request_parameters=translate.parameters(request),
            )
            return translate.reply(response, request, headers)

    @asynccontextmanager
    async def stream(
        self, key: ModelKey, request: AIRequest, timeout_seconds: float
    ) -> AsyncIterator[Any]:
        """Open a stream of the model's answer; see `translate.OpenStream`."""
        with catching(str(key)), _listening() as headers:
            opened = direct.model_request_stream(
                self.model(key),
                translate.messages(request),
                model_settings=translate.settings(request, timeout_seconds),
            )
            async with opened as stream:
                yield translate.OpenStream(stream, headers)

    async def prepare(self, key: ModelKey, seconds: float | None = None) -> bool:
        """Load the libraries of a model beside the event loop, which must not stand for seconds.

        Returns whether they are there; False after `seconds`, in which case they go on loading.
        """
        if key in self._models:
            return True
        loading = self._loading.get(key)
        if loading is None:
            loading = self._loading[key] = asyncio.create_task(self._load(key))
            loading.add_done_callback(lambda _: self._loading.pop(key, None))
        done, _ = await asyncio.wait([loading], timeout=seconds)
        for each in done:
            each.result()
        return bool(done)

    async def _load(self, key: ModelKey) -> None:
        async with self._preparing:
            await asyncio.to_thread(self.model, key)

    def model(self, key: ModelKey) -> Any:
        """Return pydantic_ai's model for `key`."""
        if key not in self._models:
            self._models[key] = self._make(key)
        return self._models[key]

    def _make(self, key: ModelKey) -> Any:
        secret, address = self._access(key.provider)
        access = {"api_key": secret or _NO_KEY, "base_url": address or None}
        shared = {"max_retries": 0, "http_client": self._http()}
        if key.provider == "anthropic":
            client = anthropic_sdk.AsyncAnthropic(**access, **shared)
            provider = anthropic_providers.AnthropicProvider(anthropic_client=client)
            return anthropic_models.AnthropicModel(key.model, provider=provider)
        provider = openai_providers.OpenAIProvider(
            openai_client=openai_sdk.AsyncOpenAI(**access, **shared)
        )
        if key.provider == "openai":
            return openai_models.OpenAIResponsesModel(key.model, provider=provider)
        return openai_models.OpenAIChatModel(key.model, provider=provider)

    def _http(self) -> Any:
        if self._client is None:
            self._client = http.AsyncClient(
                timeout=http.Timeout(None, connect=_CONNECT_SECONDS),
                limits=http.Limits(max_connections=_CONNECTIONS),
                event_hooks={"response": [_keep_headers]},
            )
        return self._client

    async def close(self) -> None:
        """Close the connections, once nothing is loading that would open others."""
        await asyncio.gather(*self._loading.values(), return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()


async def _keep_headers(response: Any) -> None:
    kept = _headers.get()
    if kept is not None:
        kept.update(response.headers)


@contextmanager
def _listening() -> Iterator[dict[str, str]]:
    """Collect the headers of the responses to the calls inside the block."""
    kept: dict[str, str] = {}
    token = _headers.set(kept)
    try:
        yield kept
    finally:
        _headers.reset(token)


@contextmanager
def catching(model: str) -> Iterator[None]:
    """Turn what the libraries raise into a CallFailedError without the provider's own words.

    A provider may quote the prompt in its error, and errors are logged.
    """
    try:
        yield
    except CallFailedError:
        raise
    except RuntimeError as error:
        if isinstance(error, exceptions.AgentRunError):
            raise _translate(model, error) from None
        raise
    except (ValueError, KeyError, TypeError, AttributeError, TimeoutError, OSError) as error:
        # Garbage in a 200 surfaces as whatever the SDK stumbles over.
        raise ProviderFailedError(f"{model} sent garbage ({type(error).__name__})") from None
    except http.HTTPError as error:
        raise ProviderFailedError(f"{model} broke off ({type(error).__name__})") from None


def _translate(model: str, error: Any) -> CallFailedError:
    headers = getattr(error, "headers", None)
    kind = type(error).__name__
    if isinstance(error, exceptions.ModelRequestTimeout | exceptions.ModelTimeoutError):
        return CallTimedOutError(f"{model} did not answer in time", headers)
    if isinstance(error, exceptions.ModelRateLimitError):
        return CallLimitedError(f"{model} limits requests", headers, error.retry_after)
    refused = exceptions.ModelRequestRejectedError | exceptions.ModelQuotaExceededError
    if isinstance(error, refused) or _is_clients_fault(error):
        return CallRefusedError(f"{model} refused the request ({kind})", headers)
    return ProviderFailedError(f"{model} failed ({kind})", headers)


def _is_clients_fault(error: Any) -> bool:
    status = getattr(error, "status_code", None)
    return isinstance(status, int) and 400 <= status < 500 and status not in (408, 409, 429)

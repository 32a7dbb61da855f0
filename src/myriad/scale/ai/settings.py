"""Keys, addresses and budgets of model providers: `MYRIAD_AI__…`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class AISettings(BaseModel):
    """Without a key or an address of a provider, only the offline provider answers.

    An address alone (`…_BASE_URL`) is enough for servers that ask for no key, such as the
    simulator or a model on this network; `compatible` is any server that speaks OpenAI's chat
    completions. The budgets are in millionths of a US dollar, for one tenant, by UTC day. What an
    undertaking has spent of its purse is known for `keep_purses_days` after its last call.
    """

    model_config = ConfigDict(frozen=True)

    anthropic_api_key: SecretStr | None = None
    anthropic_base_url: str = ""
    openai_api_key: SecretStr | None = None
    openai_base_url: str = ""
    compatible_api_key: SecretStr | None = None
    compatible_base_url: str = ""
    compatible_model: str = ""
    tenant_daily_usd_micros: int = Field(default=2_000_000, ge=0)
    expected_processes: int = Field(default=4, ge=1)
    batch_poll_seconds: float = Field(default=60.0, gt=0)
    keep_calls_days: int = Field(default=35, ge=1)
    keep_purses_days: int = Field(default=400, ge=1)

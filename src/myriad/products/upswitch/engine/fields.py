"""The limits and descriptions that input fields share; the JSON schema repeats them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Rate = Annotated[float, Meta(gt=-1, lt=10, description="A fraction: 0.08 is 8 %.")]
Share = Annotated[float, Meta(ge=0, le=1, description="A fraction from 0 to 1.")]
Margin = Annotated[float, Meta(ge=-100, le=1, description="Operating income over revenues.")]
MOST = 1e18
"""No amount is larger, in any currency: what is cannot be a company."""
Amount = Annotated[
    float, Meta(ge=-MOST, le=MOST, description="In the currency and units of the document.")
]
Positive = Annotated[float, Meta(gt=0, le=MOST)]
NotNegative = Annotated[float, Meta(ge=0, le=MOST)]
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$", description="YYYY-MM-DD")]

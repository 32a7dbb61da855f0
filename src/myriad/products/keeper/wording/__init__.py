"""What wants a language: aspects of a text, drafts of an answer, a claim in other words.

`port` is the seam; `templates` works without a model; `checks` holds every wording against facts.
"""

from myriad.products.keeper.wording.port import (
    ASPECTS,
    Aspect,
    AspectName,
    ReviewFacts,
    Tone,
    UnfoundedWordingError,
    Wording,
)
from myriad.products.keeper.wording.templates import TEMPLATES, TemplateWording

__all__ = [
    "ASPECTS",
    "TEMPLATES",
    "Aspect",
    "AspectName",
    "ReviewFacts",
    "TemplateWording",
    "Tone",
    "UnfoundedWordingError",
    "Wording",
]

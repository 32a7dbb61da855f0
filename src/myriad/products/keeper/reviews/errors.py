"""What can be wrong with files of reviews and models of sentiment."""

from __future__ import annotations

from myriad.kit.errors import InvalidInputError


class StarsError(InvalidInputError):
    """A rating is none that one to five stars can say."""

    code = "keeper_review_stars"
    title = "Unusable rating"


class ReviewDateError(InvalidInputError):
    """A date of a review cannot be read."""

    code = "keeper_review_date"
    title = "Unusable date"


class IncompleteReviewError(InvalidInputError):
    """A row lacks what makes it a review."""

    code = "keeper_review_incomplete"
    title = "Not a review"


class ReviewFileError(InvalidInputError):
    """A file of reviews cannot be read at all; says where, what was expected and what to do."""

    code = "keeper_review_file"
    title = "This file of reviews cannot be used"


class ReviewColumnsError(ReviewFileError):
    """Columns are missing. `what` says which, what they may be called and what was found."""

    def __init__(self, what: str, way: str) -> None:
        super().__init__(f"{what}. Name your columns: {way}")
        self.what = what


class SentimentModelError(InvalidInputError):
    """A model of sentiment cannot be trained or loaded; says why and what to do."""

    code = "keeper_sentiment_model"
    title = "This sentiment model cannot be used"

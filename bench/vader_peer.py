"""VADER's compound score of each text of a JSON list; runs in the peer's own environment."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from vaderSentiment.vaderSentiment import (  # type: ignore[import-not-found]
    SentimentIntensityAnalyzer,
)


def main() -> None:
    texts = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    analyzer = SentimentIntensityAnalyzer()
    started = time.process_time()
    scores = [analyzer.polarity_scores(text)["compound"] for text in texts]
    seconds = time.process_time() - started
    Path(sys.argv[2]).write_text(json.dumps({"scores": scores, "seconds": seconds}))


main()

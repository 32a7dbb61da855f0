"""A trained model as a file: arrays and JSON, nothing that runs, checked by its digest.

The folder holds `<sha256>.npz` and `current.json`, which names the file, its SHA-256 and where the
model comes from. A new model replaces the old one in one step; old files stay until removed.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from myriad.products.keeper.reviews.errors import SentimentModelError
from myriad.products.keeper.reviews.features import Weighting
from myriad.products.keeper.reviews.logistic import Line
from myriad.products.keeper.reviews.model import Provenance, SentimentModel

FORMAT = 1
CURRENT = "current.json"
_LARGEST_BYTES = 100_000_000
_AGAIN = "Train it again with ./myriad keeper reviews train FILE."


def save_model(model: SentimentModel, folder: Path) -> Path:
    """Store a model as the current one of a folder and return its file."""
    folder.mkdir(parents=True, exist_ok=True)
    content = _packed(model)
    digest = hashlib.sha256(content).hexdigest()
    path = folder / f"{digest}.npz"
    origin = {**asdict(model.provenance), "trained_on": model.provenance.trained_on.isoformat()}
    described = {"format": FORMAT, "file": path.name, "sha256": digest, "provenance": origin}
    _replace(path, content)
    _replace(folder / CURRENT, json.dumps(described, indent=1).encode())
    return path


def find_current(folder: Path) -> Mapping[str, Any] | None:
    """Return what `current.json` says, or None where no model is stored."""
    path = folder / CURRENT
    try:
        described = json.loads(path.read_text("utf-8"))
        if described["format"] != FORMAT or Path(described["file"]).name != described["file"]:
            raise SentimentModelError(f"{path} is of another version. {_AGAIN}")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SentimentModelError(f"{path} cannot be read ({error}). {_AGAIN}") from error
    return dict(described)


def load_model(folder: Path) -> SentimentModel | None:
    """Return the current model of a folder, or None where there is none.

    Raises SentimentModelError where the file is missing or is not the one that was stored.
    """
    described = find_current(folder)
    if described is None:
        return None
    path = folder / described["file"]
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise SentimentModelError(f"{path} is larger than any model. {_AGAIN}")
        content = path.read_bytes()
    except OSError as error:
        raise SentimentModelError(f"{path} cannot be read ({error.strerror}). {_AGAIN}") from error
    if hashlib.sha256(content).hexdigest() != described["sha256"]:
        raise SentimentModelError(f"{path} is not the file that was stored. {_AGAIN}")
    try:
        return _unpacked(content, described["provenance"])
    except (ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise SentimentModelError(f"{path} is no sentiment model ({error}). {_AGAIN}") from error


def _packed(model: SentimentModel) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        terms=np.frombuffer("\n".join(model.terms).encode(), dtype=np.uint8),
        idf=model.weighting.idf,
        is_word=model.weighting.is_word,
        weights=model.line.weights.astype(np.float32),
        lines=np.array([model.line.intercept, model.calibration.intercept]),
        calibration=model.calibration.weights,
    )
    return buffer.getvalue()


def _unpacked(content: bytes, origin: Mapping[str, Any]) -> SentimentModel:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        terms = tuple(arrays["terms"].tobytes().decode().split("\n"))
        weighting = Weighting(np.arange(len(terms)), arrays["idf"], arrays["is_word"])
        weights = arrays["weights"].astype(float)
        line_intercept, calibration_intercept = (float(x) for x in arrays["lines"])
        calibration = Line(arrays["calibration"], calibration_intercept)
    if not len(terms) == len(weights) == len(weighting.idf) == len(weighting.is_word):
        raise ValueError("its parts are of different lengths")
    trained_on = date.fromisoformat(origin["trained_on"])
    provenance = Provenance(**{**origin, "trained_on": trained_on})
    return SentimentModel(terms, weighting, Line(weights, line_intercept), calibration, provenance)


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(path)

"""What can be wrong with an extract as a whole."""

from __future__ import annotations

from myriad.kit.errors import MyriadError


class ExtractError(MyriadError):
    """The ZIP file or folder is no extract of the KBO, or a file of it is not as published."""

    code = "bad_kbo_extract"
    title = "No KBO extract"
    status = 422


class ExtractOrderError(MyriadError):
    """An update does not follow the extract that was loaded last."""

    code = "kbo_extract_out_of_order"
    title = "Extract out of order"
    status = 409

    def __init__(self, number: int, loaded: int | None) -> None:
        self.number = number
        self.loaded = loaded
        super().__init__(_order(number, loaded))


def _order(number: int, loaded: int | None) -> str:
    if loaded is None:
        return (
            f"Extract {number} is an update, and no full extract has been loaded. "
            "Load the newest full extract first."
        )
    if number <= loaded:
        return f"Extract {number} is already in: the newest one loaded is {loaded}."
    return (
        f"Extract {number} cannot follow extract {loaded}: load {loaded + 1} first, or a full "
        "extract, which may skip numbers."
    )

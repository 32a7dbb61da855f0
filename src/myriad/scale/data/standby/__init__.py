"""Standbys: reads from those that are fresh, and making, promoting and rewinding them."""

from myriad.scale.data.standby.notes import WriteNotes
from myriad.scale.data.standby.reading import Standby, Standbys
from myriad.scale.data.standby.routing import RoutedReader
from myriad.scale.data.standby.wake import WRITE_NOTES

__all__ = ["WRITE_NOTES", "RoutedReader", "Standby", "Standbys", "WriteNotes"]

"""Keeps the processes of `./myriad up` alive: direct children, watched, restarted, stopped."""

from myriad.apps.cli.supervisor.parts import Part
from myriad.apps.cli.supervisor.supervisor import Supervisor, Watched

__all__ = ["Part", "Supervisor", "Watched"]

"""The settings that reach the server of one connection: Square itself or a simulator."""

from __future__ import annotations

from dataclasses import replace

from myriad.products.keeper.settings import KeeperSettings
from myriad.scale.runtime import Runtime


def speaking_to(runtime: Runtime, base_url: str) -> Runtime:
    """Return the runtime with the settings that reach `base_url`."""
    settings = runtime.settings_of(KeeperSettings).for_base_url(base_url)
    others = [item for item in runtime.settings if not isinstance(item, KeeperSettings)]
    return replace(runtime, settings=(*others, settings))

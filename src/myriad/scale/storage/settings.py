"""Where files lie: a folder of this installation, or a bucket."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr


class StorageSettings(BaseModel):
    """Files beside the database: a folder, or a bucket that speaks S3.

    Without `url` they lie in `folder`, by default `storage` in MYRIAD_HOME; all processes must see
    it. `url` is `s3://bucket/prefix`; keys that are not given here come from the machine's role.
    The bucket must be private and without versioning, or what is deleted would stay.
    """

    model_config = ConfigDict(frozen=True)

    folder: Path | None = None
    url: str | None = None
    region: str | None = None
    endpoint: str | None = None
    access_key_id: SecretStr | None = None
    secret_access_key: SecretStr | None = None

    def within(self, home: Path) -> StorageSettings:
        """Return these settings with the folder that `home` gives them."""
        return self.model_copy(update={"folder": self.folder or home / "storage"})

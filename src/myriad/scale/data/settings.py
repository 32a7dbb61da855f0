"""Where PostgreSQL is and how many connections a process may hold."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, SecretStr

APP_ROLE = "myriad_app"
CROSSING_ROLE = "myriad_crossing"


def with_role(url: str, role: str) -> str:
    """Return `url` whose connections act as `role` from their first statement on."""
    parts = urlsplit(url)
    query = [(key, value) for key, value in parse_qsl(parts.query) if key != "options"]
    options = [value for key, value in parse_qsl(parts.query) if key == "options"]
    query.append(("options", " ".join([*options, f"-c role={role}"])))
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote)))


class DatabaseSettings(BaseModel):
    """The three ways into the database.

    `url` owns the schema and runs migrations. `app_url` acts for one tenant at a time under row
    security. `crossing_url` sees every tenant. When the last two are missing they are `url` with
    the role set on the connection. `statement_timeout_seconds` bounds each statement that only
    reads; what writes is bounded by its job. `work_pool_size` bounds the connections of jobs that use
    their session at the same time.
    """

    model_config = ConfigDict(frozen=True)

    url: SecretStr
    app_url: SecretStr | None = None
    crossing_url: SecretStr | None = None
    pool_size: int = 6
    work_pool_size: int = 16
    reader_pool_size: int = 6
    crossing_pool_size: int = 3
    connect_timeout_seconds: int = 10
    statement_timeout_seconds: int = 60

    @property
    def owner(self) -> str:
        """The URL that owns the schema."""
        return self.url.get_secret_value()

    @property
    def app(self) -> str:
        """The URL that acts under row security."""
        given = self.app_url
        return given.get_secret_value() if given else with_role(self.owner, APP_ROLE)

    @property
    def crossing(self) -> str:
        """The URL that sees every tenant."""
        given = self.crossing_url
        return given.get_secret_value() if given else with_role(self.owner, CROSSING_ROLE)

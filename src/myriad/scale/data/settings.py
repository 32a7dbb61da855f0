"""Where PostgreSQL is and how many connections a process may hold."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr

APP_ROLE = "myriad_app"
CROSSING_ROLE = "myriad_crossing"


def with_role(url: str, role: str) -> str:
    """Return `url` whose connections act as `role` from their first statement on."""
    parts = urlsplit(url)
    query = [(key, value) for key, value in parse_qsl(parts.query) if key != "options"]
    options = [value for key, value in parse_qsl(parts.query) if key == "options"]
    query.append(("options", " ".join([*options, f"-c role={role}"])))
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote)))


def one_form(url: str) -> str:
    """Return `url` with several hosts named in its query, where each of our drivers reads them.

    `postgresql://me@one:5432,two:5433/db` is libpq's other form of the same.
    """
    parts = urlsplit(url)
    login, at, places = parts.netloc.rpartition("@")
    if "," not in places:
        return url
    split = [_host_and_port(place) for place in places.split(",")]
    hosts, ports = (",".join(words) for words in zip(*split, strict=True))
    query = [*parse_qsl(parts.query), ("host", hosts), ("port", ports)]
    return urlunsplit(
        parts._replace(netloc=f"{login}{at}", query=urlencode(query, quote_via=quote, safe=",:"))
    )


def _host_and_port(place: str) -> tuple[str, str]:
    host, colon, port = place.rpartition(":")
    if not colon or place.endswith("]"):
        host, port = place, "5432"
    return host.strip("[]"), port


class DatabaseSettings(BaseModel):
    """The three ways into the database.

    `url` owns the schema and runs migrations. `app_url` acts for one tenant at a time under row
    security. `crossing_url` sees every tenant. When the last two are missing they are `url` with
    the role set on the connection. `statement_timeout_seconds` bounds each statement that only
    reads; what writes is bounded by its job. `work_pool_size` bounds the connections of jobs that use
    their session at the same time.

    `prepare_statements` is for connections that reach PostgreSQL itself; it must be off behind a pooler
    in transaction mode, where the next transaction may run on another connection of the server.

    `backup_url`, a login with REPLICATION, is used by the commands of backups and standbys and by
    the process of nightly backups alone.
    A URL may name several hosts, and then wants `?target_session_attrs=read-write`: after a failover
    writers find the new primary. `standby_urls`, separated by spaces, are further servers to read
    from, each a login like `app_url`, or like `url` where that is missing; a read goes there only
    when the standby is at most `standby_max_lag_seconds` behind and has what the caller wrote, which
    is asked every `standby_poll_seconds`.

    Rows that could not be taken in are kept for `keep_quarantined_days`.
    """

    model_config = ConfigDict(frozen=True)

    url: SecretStr
    app_url: SecretStr | None = None
    crossing_url: SecretStr | None = None
    pool_size: int = 6
    work_pool_size: int = 16
    reader_pool_size: int = 6
    crossing_pool_size: int = 3
    prepare_statements: bool = True
    connect_timeout_seconds: int = 10
    statement_timeout_seconds: int = 60
    backup_url: SecretStr | None = None
    standby_urls: SecretStr | None = None
    standby_max_lag_seconds: float = Field(default=1.0, gt=0, le=30)
    standby_poll_seconds: float = Field(default=0.1, gt=0, le=5)
    keep_quarantined_days: int = Field(default=90, ge=1)

    @property
    def owner(self) -> str:
        """The URL that owns the schema."""
        return one_form(self.url.get_secret_value())

    @property
    def app(self) -> str:
        """The URL that acts under row security."""
        given = self.app_url
        return one_form(given.get_secret_value()) if given else with_role(self.owner, APP_ROLE)

    @property
    def crossing(self) -> str:
        """The URL that sees every tenant."""
        given = self.crossing_url
        return one_form(given.get_secret_value()) if given else with_role(self.owner, CROSSING_ROLE)

    @property
    def standbys(self) -> tuple[str, ...]:
        """The URLs of servers to read from, which act under row security."""
        given = self.standby_urls.get_secret_value().split() if self.standby_urls else []
        return tuple(url if self.app_url else with_role(url, APP_ROLE) for url in given)

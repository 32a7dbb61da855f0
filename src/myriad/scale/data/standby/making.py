"""Making a standby, making it the primary, and making the old primary its standby."""

from __future__ import annotations

import contextlib
import re
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from myriad.kit.errors import MyriadError
from myriad.scale.data.backup.port import ServerTools
from myriad.scale.data.backup.restoring import change_settings, empty
from myriad.scale.data.queries import NamedQueries
from myriad.scale.data.standby.errors import (
    NotAStandbyError,
    PrimaryAliveError,
    PromotionError,
    StandbyTargetError,
)

QUERIES = NamedQueries.load("myriad.scale.data.standby")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_CONNINFO = re.compile(r"^primary_conninfo = '(.*)'$", re.MULTILINE)
_ASK_SECONDS = 3
_PROMOTE_SECONDS = 60
_SIGNAL = "standby.signal"
# What a copy inherits and must not act on: the archive of its source would be spoilt by a second
# timeline, and its slot is its source's upstream's.
_OWN_LIFE = {
    "archive_command": "true",
    "synchronous_standby_names": "",
    # Rows that a reader here still sees are not vacuumed away under it.
    "hot_standby_feedback": "on",
}


@dataclass(frozen=True)
class Role:
    """What a server is: a standby or a primary, of which cluster and timeline."""

    is_standby: bool
    system_identifier: int
    timeline: int


def find_role(url: str) -> Role | None:
    """Return what the server of `url` is, or None when it does not answer within seconds."""
    try:
        with psycopg.connect(url, dbname="postgres", connect_timeout=_ASK_SECONDS) as connection:
            row = connection.execute(QUERIES["read_role"].encode()).fetchone()
    except psycopg.OperationalError:
        return None
    assert row is not None
    return Role(*row)


def add_standby(tools: ServerTools, url: str, data: Path, name: str) -> None:
    """Copy the server of `url` into `data` as a standby that follows it by the slot `name`.

    `url` is a login with REPLICATION. The copy archives nothing until it is told to. Raises
    StandbyTargetError for a folder that holds something or a name that is taken; then nothing is
    left, neither the folder's content nor the slot.
    """
    _refuse_unnameable(name)
    if is_half_made(data):
        _clear_half_made(url, data, name)
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise StandbyTargetError(
            f"{data} is not empty; name a new folder, or remove this one where it is of no use"
        )
    _refuse_taken(url, name)
    tools.own(data)
    # Whoever comes after one that was killed learns from it whose the slot is.
    with contextlib.suppress(OSError):
        _mark_of(data).write_text(name)
    try:
        tools.run(
            "pg_basebackup",
            *("-R", "-X", "stream", "-C", "-S", name, "--checkpoint=fast", "--no-password"),
            *("-D", data),
            "--dbname=",
            url=make_named(url, name),
        )
        change_settings(data, _OWN_LIFE)
    except BaseException:
        _undo(url, data, name)
        raise
    finally:
        _mark_of(data).unlink(missing_ok=True)


def _mark_of(data: Path) -> Path:
    return data.with_name(f".{data.name}.making")


def _clear_half_made(url: str, data: Path, name: str) -> None:
    """Take away a copy that was killed, and its slot where it is known to be that copy's."""
    mark = _mark_of(data)
    if mark.is_file() and mark.read_text() == name:
        # What pg_basebackup begot goes on for a while without it.
        with psycopg.connect(url, dbname="postgres", autocommit=True) as connection:
            connection.execute(QUERIES["end_making"], {"slot": name})
        drop_slot(url, name)
    empty(data)


def is_half_made(data: Path) -> bool:
    """Say whether a folder holds a copy that was killed: pg_control comes last, and no server lacks it."""
    begun = (data / "backup_label").is_file() and (data / "PG_VERSION").is_file()
    return begun and not (data / "global" / "pg_control").exists()


def _refuse_unnameable(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise StandbyTargetError(f"{name!r} is no name: small letters, digits and _, up to 41")


def make_named(url: str, name: str) -> str:
    """Return `url` whose connections carry the name by which the primary knows its standby."""
    separator = "&" if "?" in url else "?"
    return f"{url}{separator}application_name={name}"


def _refuse_taken(url: str, name: str) -> None:
    with psycopg.connect(url, dbname="postgres") as connection:
        found = connection.execute(QUERIES["find_slot"], {"slot": name}).fetchone()
    if found is not None:
        raise StandbyTargetError(
            f"the primary has a slot {name} already; choose another name, or drop it when its "
            f"standby is gone: SELECT pg_drop_replication_slot('{name}')"
        )


def _undo(url: str, data: Path, name: str) -> None:
    empty(data)
    drop_slot(url, name)


def drop_slot(url: str, name: str) -> None:
    """Drop the slot of a standby that is gone, if the primary can be asked and has it."""
    try:
        with psycopg.connect(url, dbname="postgres", connect_timeout=_ASK_SECONDS) as connection:
            connection.execute(QUERIES["drop_slot"], {"slot": name})
    except psycopg.Error:
        return


def promote(url: str, *, primary_url: str | None = None, force: bool = False) -> Role:
    """Make the standby of `url` the primary, and return what it is then.

    `url` is a login that may execute pg_promote. Raises PrimaryAliveError while the server of
    `primary_url` still answers as a primary, unless `force`; NotAStandbyError; PromotionError.
    """
    role = find_role(url)
    if role is None:
        raise PromotionError("the standby does not answer; start it first")
    if not role.is_standby:
        raise NotAStandbyError("the server is a primary already")
    if primary_url is not None and not force:
        _refuse_second_primary(primary_url, role)
    with psycopg.connect(url, dbname="postgres", autocommit=True) as connection:
        try:
            done = connection.execute(QUERIES["promote"], {"seconds": _PROMOTE_SECONDS}).fetchone()
        except psycopg.errors.InsufficientPrivilege:
            raise PromotionError(
                "the login may not promote; on the standby's machine run: pg_ctl promote -D DATA"
            ) from None
        if done != (True,):
            raise PromotionError(f"not promoted within {_PROMOTE_SECONDS} s; see the server's log")
    return _promoted(url)


def _refuse_second_primary(primary_url: str, standby: Role) -> None:
    found = find_role(primary_url)
    if found is None or found.is_standby or found.system_identifier != standby.system_identifier:
        return
    raise PrimaryAliveError(
        "the primary still answers, and what it takes from now on would be lost: stop it for good "
        "first (./myriad down, pg_ctl stop -m fast, or switch its machine off), or pass --force"
    )


def _promoted(url: str) -> Role:
    deadline = time.monotonic() + _PROMOTE_SECONDS
    while (role := find_role(url)) is None or role.is_standby:
        if time.monotonic() > deadline:
            raise PromotionError("the standby was told to promote and has not; see its log")
        time.sleep(0.05)
    return role


def rewind(tools: ServerTools, data: Path, new_primary_url: str, name: str) -> None:
    """Make the stopped cluster in `data`, primary before a failover, a standby of the new one.

    What it took after the failover is thrown away; again changes nothing. Raises StandbyTargetError for what is no name,
    while it runs, or when it cannot be rewound (then remove the folder and add a standby anew).
    """
    _refuse_unnameable(name)
    if not (data / "PG_VERSION").is_file():
        raise StandbyTargetError(f"{data} is no data folder of PostgreSQL")
    if not _follows(data, new_primary_url):
        _rewind(tools, data, new_primary_url, name)
    change_settings(data, {"primary_slot_name": name, **_OWN_LIFE}, ("recovery_target",))
    _ensure_slot(new_primary_url, name)


def _follows(data: Path, url: str) -> bool:
    """Say whether a cluster is a standby of this server already, as after a rewind that went through."""
    if not (data / _SIGNAL).exists():
        return False
    said = _CONNINFO.findall((data / "postgresql.auto.conf").read_text())
    if not said:
        return False
    known, wanted = (conninfo_to_dict(one) for one in (said[-1].replace("''", "'"), url))
    return all(known.get(key) == wanted.get(key) for key in ("host", "port"))


def _rewind(tools: ServerTools, data: Path, new_primary_url: str, name: str) -> None:
    try:
        tools.run(
            "pg_rewind",
            *("-D", data, "--write-recovery-conf"),
            "--source-server=",
            url=make_named(_on_postgres(new_primary_url), name),
        )
    except MyriadError as error:
        raise StandbyTargetError(
            f"{data} cannot be rewound: {error.detail}. Is its server stopped? If its log is gone, "
            "remove the folder and make it anew by ./myriad db standby add"
        ) from None


def _on_postgres(url: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path="/postgres"))


def _ensure_slot(url: str, name: str) -> None:
    with psycopg.connect(url, dbname="postgres", autocommit=True) as connection:
        if connection.execute(QUERIES["find_slot"], {"slot": name}).fetchone() is None:
            connection.execute(QUERIES["make_slot"], {"slot": name})


def several_hosts(urls: list[str]) -> str:
    """Return one URL by which a writer finds whichever of the servers is the primary."""
    first = urlsplit(urls[0])
    login, at, _ = first.netloc.rpartition("@")
    places = ",".join(urlsplit(url).netloc.rpartition("@")[2] for url in urls)
    query = "&".join(filter(None, [first.query, "target_session_attrs=read-write"]))
    return urlunsplit(first._replace(netloc=f"{login}{at}{places}", query=query))

"""PostgreSQL 18 and Redis as child processes: the default servers of a laptop.

The binaries come with two packages and are started by us as direct children, which die with the
process that started them. Production code sees only URLs (`ServerUrls`).
"""

from myriad.scale.embedded.postgres import EmbeddedPostgres
from myriad.scale.embedded.redis import EmbeddedRedis
from myriad.scale.embedded.servers import EmbeddedServers, ServerUrls, running_servers

__all__ = [
    "EmbeddedPostgres",
    "EmbeddedRedis",
    "EmbeddedServers",
    "ServerUrls",
    "running_servers",
]

"""What ails a database: rules with remedies, sizes, use of indexes, slow statements."""

from myriad.scale.data.lint.examining import (
    Accepted,
    Ask,
    Finding,
    Report,
    examine,
    logins_of,
    owner_login,
)
from myriad.scale.data.lint.literals import without_literals
from myriad.scale.data.lint.rules import RULES, Level, Limits, Rule
from myriad.scale.data.lint.statements import SlowStatements, Statement, find_slow
from myriad.scale.data.lint.use import (
    IndexUse,
    TableSize,
    TenantShare,
    get_size,
    list_index_use,
    list_partition_sizes,
    list_shares,
    list_sizes,
    size_text,
)

__all__ = [
    "RULES",
    "Accepted",
    "Ask",
    "Finding",
    "IndexUse",
    "Level",
    "Limits",
    "Report",
    "Rule",
    "SlowStatements",
    "Statement",
    "TableSize",
    "TenantShare",
    "examine",
    "find_slow",
    "get_size",
    "list_index_use",
    "list_partition_sizes",
    "list_shares",
    "list_sizes",
    "logins_of",
    "owner_login",
    "size_text",
    "without_literals",
]

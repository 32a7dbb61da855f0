"""What goes together, what follows what, and where the weeks are going; knows no database.

`mine_pairs` and `mine_sequences` find items bought together or one after the other more often than
chance, `trends` says which weekly figures rise or fall. Each is told with a stated share of false
discoveries.
"""

from myriad.products.keeper.patterns.association import Association, Mined
from myriad.products.keeper.patterns.baskets import Baskets
from myriad.products.keeper.patterns.pairs import mine_pairs
from myriad.products.keeper.patterns.sequences import WINDOW_DAYS, mine_sequences
from myriad.products.keeper.patterns.trends import Trend, judge_trends

__all__ = [
    "WINDOW_DAYS",
    "Association",
    "Baskets",
    "Mined",
    "Trend",
    "judge_trends",
    "mine_pairs",
    "mine_sequences",
]

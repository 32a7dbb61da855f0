"""Banks whose owners live: they buy every day, pend, post, are paid and are paid back.

What happened on a day follows from the seed, the owner and the day alone, and each day adds to the
end of a bank's log. A simulator that is started again tells the same as before, with the days since
at its end, so that cursors that it gave out in an earlier life stay good.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from myriad.products.kamioi.plaid.simulator.shops import PAY, RENT, SHOPS, Shop
from myriad.products.kamioi.plaid.simulator.world import TIPPED, Bank

PENDING_DAYS = 2
_FAVOURITE, _REFUNDED, _PAYDAYS, _RENT_DAY = 0.55, 0.012, (1, 15), 3
_TIP = 1.18


@dataclass
class Life:
    """What one owner does with an account, from a day on."""

    seed: int
    owner: str
    since: date
    lived_to: date | None = None
    posted: list[str] = field(default_factory=list)

    def live_until(self, bank: Bank, today: date) -> None:
        """Add to the bank's log what happened since it was looked at last, up to `today`."""
        day = self.since if self.lived_to is None else self.lived_to + timedelta(days=1)
        shops = list(self._favourites())
        while day <= today:
            self._post(bank, day)
            self._live(bank, day, shops)
            self.lived_to = day
            day += timedelta(days=1)

    def _dice(self, *parts: object) -> random.Random:
        text = ":".join(map(str, (self.seed, self.owner, *parts)))
        return random.Random(text)  # noqa: S311 - the same owner for the same seed

    def _favourites(self) -> Iterator[tuple[Shop, float]]:
        """Yield where the owner goes, and how much more often than others."""
        for shop in SHOPS:
            dice = self._dice(shop.text)
            if dice.random() < (shop.share or _FAVOURITE):
                yield shop, dice.uniform(0.5, 1.6)

    def _live(self, bank: Bank, day: date, shops: list[tuple[Shop, float]]) -> None:
        dice = self._dice(day)
        for shop, often in shops:
            if dice.random() < shop.monthly * often / 30:
                cents = max(100, round(shop.usual_minor * dice.uniform(0.6, 1.6)))
                text = shop.text.format(n=dice.randint(1000, 9999), code=_code(dice))
                bank.buy(text, f"{cents / 100:.2f}", day, is_pending=True, **shop.facts())
        if self.posted and dice.random() < _REFUNDED:
            self._pay_back(bank, day, dice)
        if day.day in _PAYDAYS:
            bank.buy(PAY.text, f"-{dice.randint(160_000, 310_000) / 100:.2f}", day, **PAY.facts())
        if day.day == _RENT_DAY:
            bank.buy(RENT.text, f"{RENT.usual_minor / 100:.2f}", day, **RENT.facts())

    def _post(self, bank: Bank, day: date) -> None:
        """Post what has been pending for two days; where people tip, for more than was seen.

        These banks keep the day of the purchase, so that each stands on one day whoever reads when.
        """
        seen_by = (day - timedelta(days=PENDING_DAYS)).isoformat()
        for key in [key for key, told in bank.stands.items() if told["pending"]]:
            told = bank.stands[key]
            if told["date"] <= seen_by:
                is_tipped = told["original_description"].startswith(TIPPED)
                amount = told["amount"] * (_TIP if is_tipped else 1)
                bought_on = date.fromisoformat(told["date"])
                self.posted.append(bank.post(key, f"{amount:.2f}", bought_on))

    def _pay_back(self, bank: Bank, day: date, dice: random.Random) -> None:
        told = bank.stands[dice.choice(self.posted[-8:])]
        facts = {"personal_finance_category": told["personal_finance_category"]}
        bank.buy(told["original_description"], f"-{told['amount']:.2f}", day, **facts)


def _code(dice: random.Random) -> str:
    return "".join(dice.choices("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=9))

"""What a visit leaves behind in Square: booking, order, payment, refund, and profiles."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from myriad.products.keeper.square.simulator import shapes
from myriad.products.keeper.square.simulator.records import Json, timestamp
from myriad.products.keeper.square.simulator.spa.days import ZONE, appeal
from myriad.products.keeper.square.simulator.spa.lives import Life, Visit
from myriad.products.keeper.square.simulator.spa.menu import (
    HABITS,
    RETAIL,
    SERVICES,
    Service,
    added,
    catalog_id,
    dice,
    followed,
    member_id,
    pick,
    pick_article,
)
from myriad.products.keeper.square.simulator.world import Seller, square_id

_CURRENCY = "USD"
_BRANDS = ("VISA", "MASTERCARD", "AMERICAN_EXPRESS")


@dataclass
class Ledger:
    """Writes visits into a seller's tables, as far as they are known at `now`."""

    seller: Seller
    seed: int
    opened: datetime
    now: datetime
    live_until: datetime
    seen: dict[str, datetime] = field(default_factory=dict)
    worked: dict[tuple[int, date], tuple[datetime, datetime]] = field(default_factory=dict)
    served: dict[tuple[int, date], list[tuple[datetime, datetime]]] = field(default_factory=dict)
    _last: tuple[Life, datetime, int, Service] | None = None

    def add_visit(self, life: Life, visit: Visit) -> None:
        """Write one visit: perhaps a booking, and a sale when the customer came."""
        roll = dice("visit", *life.key, visit.number)
        start = _start_time(visit.day, roll)
        customer_id = _profile(life, visit)
        services = self._choose(life, visit, pick(roll, SERVICES))
        staff = life.favourite if roll.random() < 0.6 else roll.randrange(6)
        came, booked_at = True, start
        if life.books_ahead or roll.random() < 0.3:
            booked_at = start - timedelta(days=_lead_days(life, roll), hours=roll.randrange(1, 9))
            booked_at = self._at_checkout(life, visit) or booked_at
            came = self._book(life, customer_id, services, staff, start, booked_at, roll)
        if booked_at <= self.now:
            self._see(customer_id, booked_at)
        if came and self.opened <= start and start <= self.live_until:
            self._sell(life, visit, customer_id, services, staff, start, roll)
        if came:
            self._serve(life, services, staff, start)

    def _choose(self, life: Life, visit: Visit, drawn: Service) -> list[Service]:
        """Return the services of a visit: what the last one led to or what was drawn, and more."""
        follows = None
        if self._last is not None and self._last[0] is life:
            follows = followed(dice("followed", *life.key, visit.number), self._last[3])
        first = follows or drawn
        more = added(dice("added", *life.key, visit.number), first)
        return [first, more] if more else [first]

    def _at_checkout(self, life: Life, visit: Visit) -> datetime | None:
        """Return when this visit was booked if that was at the end of the one before."""
        if self._last is None or self._last[0] is not life:
            return None
        _, ended, staff, _ = self._last
        roll = dice("checkout", *life.key, visit.number)
        return ended if roll.random() < HABITS[staff].checkout else None

    def _serve(self, life: Life, services: list[Service], staff: int, start: datetime) -> None:
        """Note that somebody worked, as a stretch of their day."""
        ended = start + _length(services)
        self._last = (life, ended, staff, services[0])
        if self.opened <= start and ended <= self.now:
            first, last = self.worked.get((staff, start.date()), (start, ended))
            self.worked[staff, start.date()] = (min(first, start), max(last, ended))
            self.served.setdefault((staff, start.date()), []).append((start, ended))

    def close(self, life: Life) -> None:
        """Write the profiles that the visits of this life have used."""
        if life.customer_id in self.seen:
            facts = life.contact | {"birthday": life.birthday} | _names(life)
            self._put_customer(life.customer_id, "DIRECTORY", facts)
        if life.second_customer_id in self.seen:
            facts = _second_profile(life)
            self._put_customer(life.second_customer_id, "INSTANT_PROFILE", facts)

    def add_strangers(self) -> None:
        """Write sales without a profile: somebody in from the street, mostly for retail."""
        days = (self.live_until.date() - self.opened.date()).days
        for offset in range(days):
            day = self.opened.date() + timedelta(days=offset)
            roll = dice("strangers", self.seed, day)
            for number in range(2 if roll.random() < 0.25 * appeal(day) else 0):
                self._sell_to_stranger(day, number, roll)

    def _see(self, customer_id: str, moment: datetime) -> None:
        known = self.seen.get(customer_id)
        if known is None or moment < known:
            self.seen[customer_id] = moment

    def _put_customer(self, customer_id: str, source: str, facts: Json) -> None:
        body = shapes.customer(customer_id, self.seen[customer_id], source, **facts)
        self.seller.tables["customer"].put(body)

    def _book(
        self,
        life: Life,
        customer_id: str,
        services: list[Service],
        staff: int,
        start: datetime,
        booked_at: datetime,
        roll: Random,
    ) -> bool:
        status, changed_at = _outcome(start, booked_at, roll)
        anyone = staff != life.favourite
        if booked_at > self.now or start < self.opened:
            return status == "ACCEPTED"
        facts: Json = {"customer_id": customer_id, "source": "FIRST_PARTY_BUYER"}
        if status != "ACCEPTED" and changed_at <= self.now:
            facts |= {"status": status, "updated_at": timestamp(changed_at), "version": 1}
        segments = [
            shapes.segment(member_id(self.seed, staff), s.minutes, catalog_id(s), anyone)
            for s in services
        ]
        booking_id = square_id("booking", *life.key, start, length=14).lower()
        self.seller.tables["booking"].put(
            shapes.booking(
                booking_id, self.seller.main_location_id, booked_at, start, segments, **facts
            )
        )
        return status == "ACCEPTED"

    def _sell(
        self,
        life: Life,
        visit: Visit,
        customer_id: str,
        services: list[Service],
        staff: int,
        start: datetime,
        roll: Random,
    ) -> None:
        takes_one = roll.random() < HABITS[staff].retail
        items = services + ([pick_article(roll, services[0])] if takes_one else [])
        paid_at = start + _length(services) + timedelta(minutes=roll.randrange(2, 9))
        card = _card(customer_id) if roll.random() < 0.82 else None
        tip = round(
            _tip(sum(s.cents for s in services), card is not None, roll) * HABITS[staff].tip
        )
        known = customer_id if card or roll.random() < 0.75 else None
        payment = self._put_sale((*life.key, visit.number), items, paid_at, tip, card, known, staff)
        if roll.random() < 0.012:
            self._refund(payment, paid_at + timedelta(days=roll.randrange(1, 9)), roll)
        if roll.random() < 0.015:
            late = paid_at + timedelta(hours=roll.randrange(2, 70))
            payment["is_offline_payment"] = True
            payment["offline_payment_details"] = {"client_created_at": payment["created_at"]}
            self.seller.tables["payment"].put(payment, late.timestamp())

    def _put_sale(
        self,
        key: tuple[object, ...],
        items: list[Service],
        paid_at: datetime,
        tip: int,
        card: Json | None,
        customer_id: str | None,
        staff: int,
    ) -> Json:
        location_id = self.seller.main_location_id
        lines = [shapes.line(i.name, 1, i.cents, _CURRENCY, catalog_id(i)) for i in items]
        order_id = square_id("order", *key, length=28)
        order = shapes.order(
            order_id, location_id, paid_at, lines, _CURRENCY, tip=tip, customer_id=customer_id
        )
        payment = shapes.payment(
            square_id("payment", *key, length=29),
            paid_at,
            sum(item.cents for item in items),
            _CURRENCY,
            location_id,
            tip=tip,
            buyer_card=card,
            order_id=order_id,
            customer_id=customer_id,
            team_member_id=member_id(self.seed, staff),
        )
        self.seller.tables["order"].put(order)
        self.seller.tables["payment"].put(payment)
        return payment

    def _refund(self, payment: Json, at: datetime, roll: Random) -> None:
        if at > self.now:
            return
        total = payment["total_money"]["amount"]
        amount = total if roll.random() < 0.5 else total // 2
        refund = shapes.refund(square_id("refund", payment["id"]), payment, at, amount, "Goodwill")
        payment["refunded_money"] = shapes.money(amount, _CURRENCY)
        payment["refund_ids"] = [refund["id"]]
        payment["updated_at"] = refund["updated_at"]
        self.seller.tables["refund"].put(refund)
        self.seller.tables["payment"].put(payment)

    def _sell_to_stranger(self, day: date, number: int, roll: Random) -> None:
        at = _start_time(day, roll)
        if at > self.live_until:
            return
        item = pick(roll, RETAIL)
        card = _card(f"stranger-{day}-{number}") if roll.random() < 0.5 else None
        self._put_sale(("stranger", self.seed, day, number), [item], at, 0, card, None, 0)


def _length(services: list[Service]) -> timedelta:
    return timedelta(minutes=sum(service.minutes for service in services))


def _start_time(day: date, roll: Random) -> datetime:
    slot = roll.randrange(4 * 8)
    return datetime.combine(day, time(10 + slot // 4, slot % 4 * 15), ZONE)


def _lead_days(life: Life, roll: Random) -> int:
    if life.kind == "regular" and roll.random() < 0.4:
        return round(life.median_gap_days)
    return min(60, int(roll.expovariate(1 / 9)))


def _profile(life: Life, visit: Visit) -> str:
    later = life.second_profile_from is not None and visit.number >= life.second_profile_from
    return life.second_customer_id if later else life.customer_id


def _names(life: Life) -> Json:
    return {"given_name": life.given_name, "family_name": life.family_name}


def _second_profile(life: Life) -> Json:
    roll = dice("second", *life.key)
    facts = _names(life) | life.contact
    manner = roll.randrange(3)
    if manner == 0:
        place = roll.randrange(1, len(life.family_name))
        facts["family_name"] = life.family_name[:place] + life.family_name[place + 1 :]
    elif manner == 1:
        facts.pop("phone_number", None)
    else:
        facts = _names(life) | {"phone_number": life.contact.get("phone_number")}
    return facts


def _outcome(start: datetime, booked_at: datetime, roll: Random) -> tuple[str, datetime]:
    chance = roll.random()
    if chance < 0.045:
        return "NO_SHOW", start + timedelta(minutes=30)
    if chance < 0.115:
        return "CANCELLED_BY_CUSTOMER", booked_at + (start - booked_at) * roll.random()
    if chance < 0.125:
        return "CANCELLED_BY_SELLER", booked_at + (start - booked_at) * 0.9
    return "ACCEPTED", booked_at


def _card(holder: str) -> Json:
    roll = dice("card", holder)
    fingerprint = "sq-1-" + square_id("card", holder, length=38)
    return shapes.card(fingerprint, roll.choice(_BRANDS), f"{roll.randrange(10_000):04d}")


def _tip(cents: int, by_card: bool, roll: Random) -> int:
    share = roll.choice((0.0, 0.15, 0.18, 0.2, 0.2, 0.22)) if by_card else 0.0
    return round(cents * share)

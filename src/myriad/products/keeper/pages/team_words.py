"""The sentences of the Team screens, made from figures alone; strengths come first."""

from __future__ import annotations

from collections.abc import Sequence

from myriad.kit.money import Money
from myriad.products.keeper.team.coaching import LEAST_EFFECT
from myriad.products.keeper.team.definitions import LEAST
from myriad.products.keeper.views.team import (
    Board,
    FigureView,
    MemberRow,
    MemberView,
    StaffUser,
    TeamView,
)
from myriad.scale.ui.filters import NOTHING, capital, day, in_words, number, percent, plural

NAMES = {
    "visits": "Visits",
    "new_clients": "New clients",
    "retention": "Client retention",
    "prebook": "Pre-booking",
    "prebook_same_day": "Pre-booked on the day",
    "rebook_48h": "Next date within 48 hours",
    **{f"revisit_{days}": f"Back within {days} days" for days in (30, 60, 90, 120, 150, 180)},
    "request_rate": "Asked for by name",
    "no_show": "No-shows",
    "service_net": "Average service",
    "retail": "Took an article home",
    "tips": "Tips",
    "utilisation": "Booked hours",
}
MEANINGS = {
    "visits": "Days on which a client was served.",
    "new_clients": "Clients whose very first visit this was.",
    "retention": "Of the clients seen, those who had also come within the year before (Square).",
    "prebook": "Of the visits, those at whose end the next date was already made (Square).",
    "prebook_same_day": "As above, made on the day of the visit itself (Boulevard).",
    "rebook_48h": "Of the visits, those after which a next date stood within 48 hours.",
    **{
        f"revisit_{days}": f"Of the visits {days} days ago or more, those followed by another "
        f"within {days} days (Boulevard)."
        for days in (30, 60, 90, 120, 150, 180)
    },
    "request_rate": "Of the appointments kept, those made for this person, not for anyone.",
    "no_show": "Of the appointments kept or missed, those missed.",
    "service_net": "Services of a paid visit, after refunds; shared visits by booked minutes.",
    "retail": "Of the paid visits, those with an article that is never booked.",
    "tips": "Share of services, where payment was not in cash.",
    "utilisation": "Booked hours of the hours clocked in, because Square shares no rota (Boulevard).",
}
_NOUNS = {
    "revisit_60": "clients coming back",
    "retention": "returning clients",
    "prebook": "pre-booking",
    "rebook_48h": "next dates made soon",
    "request_rate": "requests by name",
    "no_show": "no-shows",
    "service_net": "takings of a service",
    "retail": "articles taken home",
    "tips": "tips",
    "utilisation": "booked hours",
}
_UNITS = {
    "utilisation": "shift",
    "request_rate": "appointment",
    "no_show": "appointment",
    "retention": "client",
}
_LACKS = {
    "bookings": "Square shows no bookings of this account; its plan may not allow it.",
    "timecards": "Nobody clocks in with Square, so nobody knows the hours.",
    "articles": "Which items are articles shows only where services are booked in Square.",
    "history": "Needs half a year of sales before the period began.",
}
_STRENGTHS = {
    "revisit_60": "Clients come back to you",
    "retention": "Your clients are regulars",
    "prebook": "Clients leave with their next date made",
    "rebook_48h": "Clients make their next date soon",
    "request_rate": "Clients ask for you by name",
    "no_show": "Your clients keep their appointments",
    "service_net": "Visits with you bring more than such services usually do",
    "retail": "Clients take articles home",
    "tips": "Clients thank you with tips",
    "utilisation": "Your hours are well filled",
}
_TO_TRY = {
    "revisit_60": "Say at the end of a visit when the next one would do most good.",
    "retention": "Greet regulars with what you did last time; ask new clients how they found you.",
    "prebook": "Offer a date before the client puts the coat on.",
    "rebook_48h": "Send the next date you would suggest on the day after.",
    "request_rate": "Give your name, and a card with it, when a client says thank you.",
    "no_show": "A short message the day before saves most missed appointments.",
    "service_net": "Mention the longer form of a service while booking, not at the chair.",
    "retail": "Name the one article you used today and why; no need to sell.",
    "tips": "Let the card terminal ask; nobody has to.",
    "utilisation": "Move short gaps together; offer the free hour to who waits.",
}
_PERIODS = {"days_90": "90 days", "days_365": "12 months", "month": "this month"}


def name(metric: str) -> str:
    """Return what a figure is called."""
    return NAMES.get(metric, metric)


def value(figure: FigureView, amount: float | None, currency: str) -> str:
    """Return an amount of this figure in its unit."""
    if amount is None:
        return NOTHING
    if figure.unit == "money":
        return Money(round(amount), currency).format(whole=True)
    return percent(amount) if figure.unit == "percent" else number(amount)


def interval(figure: FigureView, currency: str) -> str:
    """Return between what the figure lies in nine cases of ten."""
    if figure.lo is None or figure.hi is None:
        return ""
    return f"{value(figure, figure.lo, currency)} to {value(figure, figure.hi, currency)}"


def adjusted(figure: FigureView) -> str:
    """Return observed over expected in words, empty without adjustment."""
    if figure.ratio is None or figure.ratio_lo is None or figure.ratio_hi is None:
        return ""
    return f"{figure.ratio:.2f} times expected ({figure.ratio_lo:.2f} to {figure.ratio_hi:.2f})"


def reading(figure: FigureView, currency: str) -> str:
    """Return a figure as one phrase for screen readers and tooltips."""
    if figure.reason:
        return hidden(figure)
    text = f"{value(figure, figure.shrunk or figure.value, currency)}"
    between = interval(figure, currency)
    return f"{text}, between {between}, from {units(figure)}" if between else text


def units(figure: FigureView) -> str:
    """Return how many visits, appointments or days a figure rests on."""
    return plural(figure.n, _UNITS.get(figure.metric, "visit"))


def hidden(figure: FigureView) -> str:
    """Return why a figure is not shown."""
    if figure.reason == "few":
        unit = _UNITS.get(figure.metric, "visit")
        return f"{plural(figure.missing, 'more ' + unit)} needed"
    return _LACKS.get(figure.reason or "", "")


def lacks(board: Board) -> str:
    """Return what the account lacks for a figure."""
    return _LACKS.get(board.lacks or "", "")


def verdict(board: Board) -> str:
    """Return whether a difference can be told on a board."""
    if board.metric in ("visits", "new_clients"):
        return "A count, not a merit."
    if _is_parted(board) and not tells_apart(board):
        return "The differences are too small to matter."
    if len(board.groups) > 1:
        return f"{capital(in_words(len(board.groups)))} groups can be told apart."
    if board.ends:
        above, below = (name.split(" ")[0] for name in board.ends)
        return f"{above} above {below}; neighbours cannot be told apart."
    if board.groups and len(board.groups[0]) > 1:
        return "No difference can be told."
    return "Nobody to compare with." if board.groups else ""


def tells_apart(board: Board) -> bool:
    """Return whether a difference is there that chance does not explain and that matters as well.

    What matters is a twentieth, as in the notes of `team.coaching`.
    """
    if not _is_parted(board):
        return False
    figures = [row.figure for group in board.groups for row in group]
    ratios = [figure.ratio for figure in figures if figure.ratio is not None]
    values = [figure.shrunk for figure in figures if figure.shrunk is not None]
    told = ratios if len(ratios) == len(figures) else values
    return max(told) - min(told) >= LEAST_EFFECT * max(map(abs, told))


def _is_parted(board: Board) -> bool:
    return len(board.groups) > 1 or board.ends is not None


def span(view: TeamView | MemberView) -> str:
    """Return the days of the period shown."""
    members = view.members if isinstance(view, TeamView) else (view.member,)
    figure = next((figure for member in members for figure in member.figures), None)
    if figure is None:
        return _PERIODS[view.period]
    same_year = figure.period_start.year == figure.period_end.year
    first = day(figure.period_start, year=False if same_year else None)
    return f"{first} to {day(figure.period_end)}"


def team(view: TeamView) -> str:
    """Return the answer of the Team screen."""
    if not view.members:
        return "Square names no staff yet"
    if not view.boards:
        return f"{capital(plural_people(len(view.members)))}, not measured yet"
    if len(view.members) == 1:
        return f"{view.members[0].name} works alone, so there is nobody to compare with"
    people = plural_people(len(view.members))
    apart = [
        _NOUNS[board.metric]
        for board in view.boards
        if board.metric in _NOUNS and tells_apart(board)
    ]
    if not apart:
        return f"No difference between your {people} can be told"
    return f"Your {people} differ in {_listed(apart[:3])}"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def plural_people(count: int) -> str:
    """Return a count of people in words."""
    return f"{in_words(count)} {'person' if count == 1 else 'people'}"


def member(view: MemberView) -> str:
    """Return the answer of one member's page, in the second person on their own."""
    who = "You" if view.is_self else view.member.name.split(" ")[0]
    strengths = [figure for figure in noted(view.member) if figure.side == "ahead"]
    if strengths:
        return strength(strengths[0].metric, view)
    if not any(figure.reason is None and figure.lo is not None for figure in view.member.figures):
        verb = "have" if view.is_self else "has"
        return f"{who} {verb} too few visits in this time to say anything"
    tries = len(noted(view.member))
    if tries:
        things = "one thing is" if tries == 1 else f"{in_words(tries)} things are"
        return f"{capital(things)} worth a try for {'you' if view.is_self else who}"
    verb = "are" if view.is_self else "is"
    return f"{who} {verb} level with the team, as far as anybody can tell"


def strength(metric: str, view: MemberView) -> str:
    """Return a strength, in the second person on the own page."""
    text = _STRENGTHS.get(metric, f"{name(metric)} stands out")
    if view.is_self:
        return text
    first = view.member.name.split(" ")[0]
    return (
        text.replace("to you", f"to {first}")
        .replace("for you", f"for {first}")
        .replace("with you", f"with {first}")
        .replace("thank you", f"thank {first}")
        .replace("Your", f"{first}'s")
    )


def noted(member: MemberRow) -> list[FigureView]:
    """Return the figures that stand apart, strengths first."""
    return [figure for metric in member.notes if (figure := member.figure(metric)) is not None]


def note(figure: FigureView, currency: str) -> str:
    """Return the numbers behind a note."""
    text = f"{name(figure.metric)}: {value(figure, figure.shrunk, currency)}"
    text += f", in nine cases of ten between {interval(figure, currency)}, from {units(figure)}."
    if figure.ratio is not None:
        return f"{text} That is {figure.ratio:.2f} times what such services usually see."
    return f"{text} The team has {value(figure, figure.peer, currency)}."


def to_try(metric: str) -> str:
    """Return one thing to try about a figure."""
    return _TO_TRY.get(metric, "")


def silence(view: MemberView) -> str:
    """Return why there is no note."""
    if noted(view.member):
        return "No figure lies above the team's by more than chance would explain."
    if any(figure.reason is None and figure.peers > 1 for figure in view.member.figures):
        return "Every figure lies so close to the team's that chance alone would explain it."
    return f"A figure is shown from {LEAST} visits on, so that nobody is judged by a lucky week."


def choices(users: Sequence[StaffUser]) -> list[tuple[str, str]]:
    """Return those who sign in, as the choices of a field."""
    return [(str(user.user_id), f"{user.name} ({user.email})") for user in users]

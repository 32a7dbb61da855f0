"""The sentences about what is proven: what calls bring, and how often insights come true."""

from __future__ import annotations

from myriad.kit.money import Money
from myriad.products.keeper.views import InsightsView, KindScore, MoneyBounds, ProofView, Saved
from myriad.scale.ui.filters import capital, day, in_words, number, percent, plural

PLAYBOOK_WORDS = {
    "slowing": "Slowing down",
    "likely_lapsed": "Likely lapsed",
    "lapsed": "Lapsed",
}
ARM_WORDS = {"call": "Called", "control": "Not called"}
MINUS = "\N{MINUS SIGN}"


def amount(value: Money) -> str:
    """Return whole money with a true minus."""
    return value.format(whole=True).replace("-", MINUS)


def bounds(value: MoneyBounds) -> str:
    """Return the two bounds of an amount in words."""
    return f"{amount(value.low)} to {amount(value.high)}"


def points(value: float) -> str:
    """Return a difference of shares in points, such as `+12 points`."""
    return f"{signed(value)} point{'' if abs(round(value * 100)) == 1 else 's'}"


def signed(value: float) -> str:
    """Return a difference of shares as a number of points with its sign."""
    rounded = round(value * 100)
    sign = MINUS if rounded < 0 else "+" if rounded > 0 else ""
    return f"{sign}{abs(rounded)}"


def saved(value: Saved) -> str:
    """Return what calls saved, never without bounds, or why nobody can say yet."""
    if value.money is None:
        if value.verdict == "off":
            return "Nobody can say what calls bring: the control group is off"
        return f"Too early to say what calls bring: about {plural(value.people_needed, 'more person', 'more people')} needed"
    best, limits = (
        amount(value.money.estimate),
        f"between {amount(value.money.low)} and {amount(value.money.high)}",
    )
    if value.verdict == "saved":
        return f"Calls saved {best}, {limits}"
    if value.verdict == "lost":
        loss = Money(-value.money.estimate.minor, value.money.estimate.currency)
        return f"Calls cost {amount(loss)}, {limits}"
    return f"Calls brought {best}, {limits}: that may be chance"


def saved_lead(view: ProofView) -> str:
    """Return how it is known, and what is still needed."""
    if not view.is_on:
        return "What calls bring is known only against people who were, by chance, not called."
    text = (
        f"One in ten on the call list is not called, chosen by chance. What the others bring more "
        f"within {view.horizon_days} days is what calls bring, nine times in ten within the bounds."
    )
    if view.saved.people_needed:
        text += (
            f" About {plural(view.saved.people_needed, 'more person', 'more people')} must reach "
            f"the end of their {view.horizon_days} days before there is an answer."
        )
    return text


def waiting(view: ProofView) -> str:
    """Return who is still within their ninety days."""
    if not view.waiting_called and not view.waiting_held_out:
        return "Nobody is waiting for the end of their ninety days."
    text = (
        f"Still within their {view.horizon_days} days: {in_words(view.waiting_called)} called, "
        f"{in_words(view.waiting_held_out) if view.waiting_held_out else 'nobody yet'} held out"
    )
    until = f"; the next result comes on {day(view.next_result_on)}" if view.next_result_on else ""
    return f"{text}{until}."


def leaning(view: ProofView) -> str:
    """Return what kinds of call with few people lean on."""
    accounts = max((row.leans_on for row in view.playbooks), default=0)
    if not accounts:
        return "kinds with few people lean on the others"
    return f"your people, leaning on what {number(accounts)} businesses of your trade saw"


def peers(view: ProofView) -> str:
    """Return whose experience is shown, empty where none is."""
    accounts = [row.accounts for row in view.peers if row.uplift]
    if not accounts:
        return ""
    least, most = min(accounts), max(accounts)
    count = number(most) if least == most else f"{number(least)} to {number(most)}"
    return f"{count} businesses of your trade that compare themselves"


def no_peers(view: ProofView) -> str:
    """Return why nothing of peers can be shown."""
    if not view.joined:
        return "You do not compare yourself yet"
    if any(row.withheld == "dominated" for row in view.peers):
        return "One business makes too much of it"
    most = max((row.accounts for row in view.peers), default=0)
    return f"{capital(in_words(most) if most else 'none')} of ten businesses so far"


def how_peers(view: ProofView) -> str:
    """Return what it takes to see what calls bring elsewhere."""
    if not view.joined:
        return (
            "Who compares figures under Benchmarks sees here what calls bring in ten or more "
            "businesses of the same trade, before having called anybody."
        )
    return (
        "What calls bring is pooled where ten businesses of a trade lend theirs and none makes "
        "more than a quarter of it. It is looked at again every week."
    )


def insights(view: InsightsView) -> str:
    """Return how many predictions came true, or how many wait for their day."""
    graded = sum(score.graded for score in view.scores)
    if graded:
        right = sum(score.right for score in view.scores)
        share = percent(right / graded)
        return f"{number(right)} of {plural(graded, 'prediction')} came true, {share}"
    waiting = sum(score.waiting for score in view.scores) or len(view.insights)
    if waiting:
        verb = "waits" if waiting == 1 else "wait"
        noun = "prediction" if waiting == 1 else "predictions"
        return f"{capital(in_words(waiting))} {noun} {verb} for the day of grading"
    return "Nothing to tell yet"


def accuracy(score: KindScore) -> str:
    """Return how often a kind came true with its bounds."""
    if score.low is None or score.high is None:
        return "not graded yet"
    return (
        f"{number(score.right)} of {number(score.graded)}, "
        f"{percent(score.low)} to {percent(score.high)}"
    )


def accuracy_lead(view: InsightsView) -> str:
    """Return what the goal is, and what happens to kinds that miss it."""
    return (
        f"Every insight makes a prediction and is graded on its day; {percent(view.goal)} should "
        "come true. A kind that is below that beyond doubt falls silent."
    )


def muted(score: KindScore) -> str:
    """Return why a kind is silent, and until when."""
    until = (
        f" It is tried again on {day(score.retry_on)}."
        if score.retry_on
        else " It stays silent until the owner lets it speak."
    )
    return f"{score.reason}{until}"

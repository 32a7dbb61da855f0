"""The words by which a text speaks of an aspect, and those that say how; English, lower case.

Stems end in `*` and match any ending. The lists were put together by hand for service businesses.
"""

from __future__ import annotations

from myriad.products.keeper.wording.port import AspectName

ASPECT_WORDS: dict[AspectName, tuple[str, ...]] = {
    "staff": (
        "staff", "therapist*", "receptionist*", "front desk", "esthetician*", "stylist*",
        "technician*", "masseuse*", "masseur*", "barber*", "owner", "manager", "team", "he", "she",
        "friendly", "rude", "unfriendly", "professional*", "unprofessional*", "attentive", "polite",
        "welcoming", "attitude", "knowledgeable", "caring", "gentle", "rough", "ignored", "listened",
    ),
    "result": (
        "result*", "massage*", "facial*", "haircut*", "cut", "color", "colour", "manicure*",
        "pedicure*", "nails", "skin", "lashes", "brows", "wax*", "treatment*", "relaxed", "relaxing",
        "pain", "painful", "burn*", "bruis*", "pressure", "uneven", "patchy",
    ),
    "price": (
        "price*", "pricing", "expensive", "overpriced", "cheap", "cost", "costs", "charged",
        "overcharged", "value", "worth", "affordable", "fee", "fees", "upsell*", "refund*", "tip",
        "money",
    ),
    "waiting": (
        "wait", "waited", "waiting", "late", "delay*", "on time", "punctual*", "rushed", "rush",
        "behind schedule", "minutes late",
    ),
    "cleanliness": (
        "clean", "cleanliness", "spotless", "dirty", "filthy", "hygien*", "unhygienic", "sanitary",
        "unsanitary", "stain*", "smell*", "smelly", "hair on", "dust*", "mold*", "mould*",
    ),
    "booking": (
        "book", "booked", "booking*", "appointment*", "reschedul*", "cancel*", "online", "phone",
        "called", "call back", "reservation*", "double booked", "no show", "confirmation",
    ),
    "place": (
        "atmosphere", "ambiance", "ambience", "music", "noise", "noisy", "loud", "quiet", "room",
        "rooms", "cold", "warm", "parking", "location", "decor", "peaceful", "calm", "cozy", "cosy",
        "shower*", "sauna", "lounge",
    ),
    "product": (
        "product*", "oil", "oils", "lotion*", "cream*", "serum*", "shampoo*", "polish", "gift card*",
        "brand*",
    ),
}  # fmt: skip

_GOOD_WORDS = """
    amazing awesome attentive beautiful best calm caring clean comfortable cosy cozy delightful
    excellent exceptional fabulous fantastic favorite favourite friendly gentle good gorgeous great
    happy helpful impeccable incredible kind knowledgeable love loved lovely nice outstanding
    peaceful perfect perfectly pleasant polite professional punctual quick reasonable recommend
    relaxed relaxing skilled skillful spotless super superb sweet talented thorough welcoming wonderful
    worth affordable listened easy fair
"""
GOOD_WORDS = frozenset(_GOOD_WORDS.split())

_BAD_WORDS = """
    aggressive awful bad boring broken burned burnt bruised careless cold dirty disappointed
    disappointing disgusting disrespectful filthy freezing horrible ignored impatient late loud mediocre
    mess messy noisy overcharged overpriced expensive pain painful patchy pathetic poor ridiculous
    rough rude rushed scam sloppy slow smelly sore stained stressful terrible unacceptable uneven
    unfriendly unhappy unhygienic unprofessional unsanitary upset waste waited worse worst wrong
    cancelled canceled
"""
BAD_WORDS = frozenset(_BAD_WORDS.split())

_NEGATIONS = """
    not no never nothing hardly barely isn't wasn't aren't weren't don't didn't doesn't can't
    couldn't won't wouldn't without isnt wasnt dont didnt
"""
NEGATIONS = frozenset(_NEGATIONS.split())

"""Short and pet forms of given names, so that Bob and Robert can be the same person.

The list is our own and small on purpose: a form stands here only when it is in daily use in
English-speaking shops. A form may belong to several names (Alex), and two names that share a form
are not each other's nickname (Alexander and Alexandra are not).
"""

from __future__ import annotations

_FORMS = """
abigail: abby gail
alexander: alex al xander sandy lex
alexandra: alex lexi sandra sandy
amanda: mandy
andrew: andy drew
angela: angie
anthony: tony
antonio: tony
arthur: art
barbara: barb
benjamin: ben benny
bernard: bernie
beverly: bev
bradley: brad
calvin: cal
cameron: cam
catherine: cathy kate katie cat
charles: charlie chuck chas
charlotte: charlie lottie
christina: chris tina chrissy
christine: chris tina chrissy
christopher: chris topher kit
clifford: cliff
cynthia: cindy
daniel: dan danny
danielle: dani
david: dave davy
deborah: deb debbie debby
dennis: denny
dominic: dom
donald: don donnie
dorothy: dot dottie
douglas: doug
edward: ed eddie ted ned
eleanor: ellie nell nora
elizabeth: liz lizzie beth betty eliza libby betsy
emily: em
eugene: gene
florence: flo
frances: fran
francis: frank
franklin: frank
frederick: fred freddie
gabriel: gabe
gabrielle: gabby
geoffrey: geoff
gerald: gerry jerry
gregory: greg
harold: harry hal
henry: harry hank
isabella: bella izzy
jacob: jake
jacqueline: jackie
james: jim jimmy jamie
janet: jan
jeffrey: jeff
jennifer: jen jenny
jeremy: jerry
jessica: jess jessie
joanna: jo
john: jack johnny
jonathan: jon jonny
joseph: joe joey
josephine: jo josie
joshua: josh
judith: judy
katherine: kathy kate katie kat
kathleen: kathy kate
kenneth: ken kenny
kimberly: kim
lawrence: larry laurie
leonard: len lenny leo
louis: lou
louise: lou
lucille: lucy
madeleine: maddie
margaret: maggie meg peggy marge greta
martin: marty
matthew: matt
maxwell: max
megan: meg
michael: mike mick mickey
michelle: shelly
mitchell: mitch
mohammed: mo
nathan: nate
nathaniel: nate nat
natalie: nat
nicholas: nick nicky
nicole: nikki nicky
oliver: ollie
olivia: liv livvy
pamela: pam
patricia: pat patty tricia trish
patrick: pat paddy
peter: pete
philip: phil
phillip: phil
rachel: rach
raymond: ray
rebecca: becky becca bec
richard: rick ricky dick rich richie
robert: bob bobby rob robbie bert
roberta: bobbie
roger: rodge
ronald: ron ronnie
rosemary: rosie
russell: russ
samantha: sam
samuel: sam sammy
sandra: sandy
sarah: sally
stanley: stan
stephanie: steph
stephen: steve
steven: steve
stuart: stu
susan: sue susie
suzanne: sue suzie
terence: terry
theodore: ted teddy theo
theresa: terry tess
thomas: tom tommy
timothy: tim
valerie: val
veronica: ronnie
victoria: vicky tori
vincent: vince vinny
virginia: ginny
walter: walt wally
wendell: dell
william: will bill billy liam
zachary: zach zack
"""


def _pairs() -> frozenset[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for line in _FORMS.strip().splitlines():
        name, forms = line.split(":")
        short = forms.split()
        for one in short:
            found.add((name, one))
            found.update((one, other) for other in short if other != one)
    return frozenset(found | {(b, a) for a, b in found})


_PAIRS = _pairs()


def are_nicknames(left: str, right: str) -> bool:
    """Say whether one normalised given name is a short form of the other, or both of a third."""
    return (left, right) in _PAIRS


def nickname_pairs() -> frozenset[tuple[str, str]]:
    """Return every ordered pair of names that `are_nicknames` accepts."""
    return _PAIRS

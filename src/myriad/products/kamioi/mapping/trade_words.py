"""Words that name a trade: what stands beside a brand's name and belongs to somebody else."""

from __future__ import annotations

from typing import Final

# Which trades a word goes with, then such words. Of a brand of any other trade it says that the
# string is of another merchant.
_SAID: Final = (
    (
        "food hotel leisure",
        "bagels bakehouse barbecue bbq bistro brasserie brewery brewhouse brewing bierhaus birreria "
        "burrito cantina catering caterers creamery curry diner gelateria gelato grillhouse kaffee "
        "kebab kebabs konditorei noodle noodles osteria patisserie pizzeria ramen rotisserie saloon "
        "smokehouse steakhouse taproom tapas taqueria taverna tavern tearoom tearooms trattoria",
    ),
    ("food", "balti chinese indian szechuan takeaway takeout tandoori thai"),
    ("fish", "chippy fish fisheries"),
    (
        "hotel travel leisure",
        "bb bnb campground cabins cottages guesthouse hostel inn lodge motel villas",
    ),
    (
        "beauty leisure fitness",
        "barber barbers barbershop hairdresser hairdressers lashes massage nail nails tanning tattoo "
        "tattoos waxing",
    ),
    (
        "trade",
        "attic blinds builders building carpentry cleaners cleaning construction contractor "
        "contractors decorators drainage drycleaners drycleaning electrical electrician electricians "
        "excavating exteriors fencing flooring gardening glazing gutters handyman hauling heating "
        "hvac interiors joinery landscaper landscapers landscaping laundrette laundromat laundry "
        "locksmith locksmiths masonry movers painters paving plasterers plumbers plumbing remodeling "
        "removals renovations restoration roofers roofing scaffolding skips tailor tailoring tailors "
        "tiles tyres upholstery welding woodwork",
    ),
    (
        "transport fuel",
        "autobody bodyshop cabs cars coaches limo limos limousine mechanics minicabs",
    ),
    ("transport", "cab taxi taxis"),
    ("transport fuel hotel shop", "garage garages motors"),
    (
        "health",
        "acupuncture chiropractic chiropractor dental dentist dentistry dermatology endodontics "
        "hospital hospice midwife orthodontics orthopedic osteopath osteopathy pediatrics "
        "physiotherapy podiatry psychology surgery therapist therapy veterinary",
    ),
    (
        "law",
        "accountancy accountants accounting advisors advisory attorney attorneys bookkeeping "
        "chartered consultancy consultants counseling counselling estates lawyers lettings llp "
        "mortuary funeral funerals notary paralegal realtor realtors realty solicitors surveyors",
    ),
    (
        "school",
        "academy childcare college daycare kindergarten lessons montessori nursery preschool primary "
        "school schools tuition tutoring tutors university",
    ),
    (
        "church",
        "baptist cathedral chapel church diocese lutheran methodist ministries ministry mosque parish "
        "presbyterian synagogue temple",
    ),
    ("government", "council customs dmv revenue sheriff"),
    (
        "fitness leisure hotel travel",
        "archery bowling boxing choir club crossfit dojo golf gym gymnastics judo karate karting kart "
        "league museum orchestra pilates regatta rugby shooting soccer yacht yoga",
    ),
    ("fitness leisure hotel travel shop", "society theatre theater tours"),
    (
        "shop news online leisure hotel",
        "antiques bookshop bookstore boutique butcher butchers crafts fishmonger fishmongers florist "
        "florists flowers furniture gifts greengrocer guns jeweler jewelers jewellers jewelry liquor "
        "liquors pawn pottery saddlery souvenirs stationers tobacco tobacconist toys upholsterer vape "
        "vapes",
    ),
    (
        "leisure hotel",
        "balloons banquet kennels ranch stables vineyard vineyards weddings winery",
    ),
    ("fuel shop mart", "filling fuel petrol"),
    ("fuel", "fuels"),
    # Words with `shop` and without `mart` speak against a shop only where its name is an ordinary word.
    (
        "food hotel leisure shop",
        "bar bars burger burgers chips grill kitchen pizza pizzas pub sushi",
    ),
    ("food hotel leisure shop mart fuel travel transport", "cafe coffee restaurant"),
    ("travel leisure shop trade transport", "hire rental rentals repair repairs"),
    ("health shop", "clinic doctors medical physio vet vets"),
    ("beauty shop hotel fitness leisure", "beauty hair salon salons spa studio studios"),
    ("leisure hotel travel", "boats campsite caravans charters fishing lodges marina"),
    (
        "shop news leisure",
        "bicycles bikes candles coins collectibles comics cycles guitars motorcycles pianos trailers "
        "trucks",
    ),
    (
        "office",
        "agency architects architecture associates engineering engineers haulage logistics "
        "photography recruitment",
    ),
    ("charity church", "charity foundation mission"),
    ("news", "news newsagent newsagents"),
    ("finance", "bank"),
)
WORDS: Final = {word: frozenset(trades.split()) for trades, said in _SAID for word in said.split()}
BEGINNINGS: Final = {"newsagen": frozenset({"news"}), "solicit": frozenset({"law"})}

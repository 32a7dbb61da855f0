"""The permissions that Keeper asks a seller for: reading, never writing."""

from __future__ import annotations

PURPOSES = {
    "MERCHANT_PROFILE_READ": "Your business's name, locations and time zones",
    "CUSTOMERS_READ": "Customer profiles, to know who slips away",
    "PAYMENTS_READ": "Payments and refunds, to know what visits are worth",
    "ORDERS_READ": "What was sold",
    "ITEMS_READ": "Names of services and products",
    "EMPLOYEES_READ": "Who works for you",
    "TIMECARDS_READ": "Hours worked, for utilisation",
    "APPOINTMENTS_READ": "Bookings, so that nobody who is coming is called",
    "APPOINTMENTS_ALL_READ": "Bookings of every team member",
    "APPOINTMENTS_BUSINESS_SETTINGS_READ": "How long services take",
}
SCOPES = tuple(PURPOSES)

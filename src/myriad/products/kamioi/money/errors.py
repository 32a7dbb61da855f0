"""What can go wrong with Kamioi's money."""

from __future__ import annotations

from myriad.kit.errors import ConflictError, InvalidInputError, UnavailableError


class SweepRaceError(ConflictError):
    """Round-ups changed while they were swept; trying again settles it."""

    code = "kamioi_sweep_race"
    title = "Round-ups changed meanwhile"


class ActionError(InvalidInputError):
    """A corporate action lacks what its kind needs."""

    code = "kamioi_corporate_action"
    title = "This corporate action cannot be applied"


class BrokerAnswerError(UnavailableError):
    """The broker answered something that is not understood, or not at all."""

    code = "kamioi_broker_answer"
    title = "The broker cannot be used now"


class UnknownOrderError(BrokerAnswerError):
    """The broker answers, and knows nothing of an order that was sent."""

    code = "kamioi_unknown_order"
    title = "The broker does not know this order"


class LiveBrokerError(InvalidInputError):
    """A broker for real money is set, and the operator has not switched it on."""

    code = "kamioi_live_broker"
    title = "Real trading is not switched on"

"""The valuation engine: pure functions of inputs and dated parameters.

Amounts are floats in the units that the inputs state, as in the published sheet; at the edge they
become integer minor units with a currency (`money.py`). Rates are fractions (0.08, not 8). Where a
docstring says "Number", one float values one company and an array values one company an element.
"""

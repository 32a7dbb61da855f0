"""The demo: forty members, their banks, a month of purchases and what came of them.

Everything goes the way that it goes for people: banks are linked at the (simulated) Plaid, strings
are proposed and decided, money is swept, ordered, filled and shared. Only the calendar is quicker.
"""

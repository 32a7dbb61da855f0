"""Who comes back, who will not, and what that is worth: pure models over visit arrays.

`fit.fit_account` is the one call an agent needs; `cadence` names the states, `anomaly` judges
days. Nothing here knows a database, a web framework or a clock.
"""

"""A real server that behaves like the NBB, VIES and GLEIF, for companies that do not exist.

Each stands under a path of its own: /nbb, /vies, /gleif. Everything follows from the enterprise
number, so that the same number has the same accounts in every run.
"""

SIMULATED_KEY = "simulated-nbb-subscription-key"
DEMO_ENTERPRISES, DEMO_SEED = 6000, 3
"""The register of the demo, which the simulator of `./myriad up` knows by name."""

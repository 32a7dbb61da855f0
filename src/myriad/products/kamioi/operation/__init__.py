"""Running a programme: quality, costs, securities, drift, foreign money, and who looked."""

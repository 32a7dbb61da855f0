"""What real HTTP servers that stand in for a vendor share, for the demo and for tests.

A simulator lives beside the client of its vendor and speaks in the vendor's words; here is what is
the same for all of them: serving and the command line (`serving`), trouble on demand (`faults`),
notifications that are tried again (`deliveries`), and JSON (`answers`).
"""

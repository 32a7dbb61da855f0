"""Measures of staff that staff find fair: definitions, shrinkage, adjustment, groups, notes.

Pure functions; no database. `definitions` says what each figure is and whose definition that is,
`shrinkage` how far to believe a small sample, `standardisation` what to expect of somebody's mix
of services, `grouping` who can be told apart, `coaching` what to say about it.
"""

"""What calls bring: who is held out, how the arms differ, and how often insights come true.

Pure functions over counts and sums; `repository.proof` reads and writes, `agents` decide when.
"""

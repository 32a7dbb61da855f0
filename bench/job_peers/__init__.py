"""The peers of the benches of jobs: one small program each, with the settings its authors advise.

Each runs in an environment of its own as `python -m job_peers.<peer> TASK FIRST COUNT [PAUSE]` to
enqueue, and under its own worker command to work. They know where to by the variables in `marks`.
"""

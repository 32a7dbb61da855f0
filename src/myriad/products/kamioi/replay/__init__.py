"""Days of a generated programme, taken through everything that real ones are: what can it bear."""

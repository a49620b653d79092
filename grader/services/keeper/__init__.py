"""A process that outlives runs: it owns the embedded servers and lends them, a pair to a run.

It imports nothing but the standard library and its light neighbours, so that it starts and stays small.
"""

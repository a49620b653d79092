"""What runs in the processes of a run: the parent, the keepers and the replicas.

This package is loaded by path, under a name of its own and without `grader`, by an isolated interpreter.
A run has one parent, which imports what submissions use and forks; each replica has one keeper above it, which starts
it, adopts whatever escapes from it, and ends all of it.
"""

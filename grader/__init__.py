"""The grader of Backend Katas: every interleaving and every crash point, on a real Postgres and a real Redis."""

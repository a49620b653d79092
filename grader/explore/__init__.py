"""Every interleaving and every crash point: what depends on what, which schedules to try, and trying them."""

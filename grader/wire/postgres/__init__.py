"""PostgreSQL: its protocol, and the proxy that speaks it."""

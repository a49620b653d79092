"""The tables, and their rows as values: one module a table."""

from sqlalchemy import MetaData

metadata = MetaData()

"""The shape of a submission's code, read and never run: its modules, what imports what, what a use case stands on."""

from grader.shape.code import Code, Import, Module, UnreadableError, read_code
from grader.shape.names import origin_of
from grader.shape.reach import Footprint, UseCase, footprint

__all__ = [
    "Code",
    "Footprint",
    "Import",
    "Module",
    "UnreadableError",
    "UseCase",
    "footprint",
    "origin_of",
    "read_code",
]

"""Which build of the engine runs: the domain compiled ahead of time, or the same source interpreted."""

from domain import symbol_book

ENGINE = "interpreted" if str(symbol_book.__file__).endswith(".py") else "compiled"

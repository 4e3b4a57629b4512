"""The build of the engine in use: compiled ahead of time, or the same source interpreted."""

from domain.vectors import COMPILED

ENGINE = "compiled" if COMPILED else "interpreted"

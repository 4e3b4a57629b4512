"""Text in cells of CSV.

A spreadsheet runs a cell as a formula if it begins with one of certain characters, and a symbol or an id may. Such a
cell is written with an apostrophe in front, which makes it text, and read without it.
"""

# With the wide forms of = + - @, which some spreadsheets take for the same. The apostrophe keeps writing reversible.
_SPECIAL = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20", "'")


def defused(text: str) -> str:
    """The cell for a text."""
    return f"'{text}" if text.startswith(_SPECIAL) else text


def text_of(cell: str) -> str:
    """The text of a cell that `defused` has made, and of any cell that it would not have changed."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_SPECIAL) else cell

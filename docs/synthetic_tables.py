"""MkDocs hook: the tables of factors are written from the code that draws them, so that they cannot drift."""

from __future__ import annotations

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

from visavis.synthetic import Person, Shot, factor_meanings, factor_table
from visavis.synthetic.factors import Choice, Codes, Factor, Flag, Normal
from visavis.synthetic.person import LEANINGS

PAGE = "synthetic.md"
MARKS = {"<!-- factors of a person -->": Person, "<!-- factors of a shot -->": Shot}


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put a table in the place of each mark."""
    if page.file.src_uri != PAGE:
        return markdown
    for mark, kind in MARKS.items():
        if mark not in markdown:
            raise ValueError(f"docs/{PAGE} lacks the mark {mark}")
        markdown = markdown.replace(mark, factors(kind))
    return markdown


def factors(kind: type) -> str:
    """Name, meaning, allowed values and distribution of every factor of a dataclass, as Markdown."""
    meanings, table = factor_meanings(kind), factor_table(kind)
    how = {name: drawn(factor) for name, factor in table.items()}
    if kind is Person:
        how |= dict.fromkeys(LEANINGS, "follows others")
    rows = [f"| `{name}` | {meanings[name]} | {factor.allowed} | {how[name]} |" for name, factor in table.items()]
    return "\n".join(["| factor | what it is | values | drawn |", "|---|---|---|---|", *rows])


def drawn(factor: Factor) -> str:
    """How the world draws the factor, in a few words."""
    match factor:
        case Normal():
            reach = f", within {factor.reach:g}" if factor.reach else ""
            return f"about {factor.mean:g}, sd {factor.sd:g}{reach}"
        case Codes():
            return "each about 0, sd 1"
        case Flag():
            return f"True in {factor.probability:.0%}"
        case Choice() if len(set(factor.weights.values())) > 1:
            total, asked = sum(factor.weights.values()), [name for name, w in factor.weights.items() if not w]
            usual = [f"{name} {w / total:.0%}" for name, w in factor.weights.items() if w > total / len(factor.weights)]
            only = f"; {', '.join(asked)} only when asked for" if asked else ""
            return f"{', '.join(usual)}, others less{only}"
        case _:
            return "evenly"

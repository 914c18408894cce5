"""`visavis doctor`: what is installed, what runs where, under which licence."""

from __future__ import annotations

import typer

from visavis.cli.options import AsJson
from visavis.cli.output import EXIT_ERROR, console, print_json


def doctor(as_json: AsJson = False) -> None:
    """Check the installation: versions, devices, models with their licences, folders, extras."""
    from visavis.doctor import examine

    findings = examine()
    if as_json:
        print_json(findings)
    else:
        screen = console()
        for section, rows in findings.items():
            if section == "problems":
                continue
            screen.print(section, style="bold")
            for name, value in rows.items():
                screen.print(f"  {name:<22} {value}")
        for problem in findings["problems"]:
            screen.print(f"problem: {problem}", style="red")
        screen.print("no problems found" if not findings["problems"] else "", style="green")
    raise typer.Exit(EXIT_ERROR if findings["problems"] else 0)

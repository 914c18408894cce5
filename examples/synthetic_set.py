"""Make a labelled set of people who do not exist: pictures, masks and depth in folders, all other labels in a table.

Run it: python examples/synthetic_set.py OUT [PEOPLE]
A run that is stopped goes on where it was when it is repeated; the same seed always makes the same people.
"""

import sys

from pyarrow import parquet

from visavis.synthetic.export import TABLE, default_processes, export
from visavis.synthetic.export.people import People


def main(out: str, people: int = 4) -> None:
    plan = People(
        count=people,
        per_person=3,
        size=128,
        seed=7,
        labels=("parsing", "depth"),  # a map each beside every picture
        group=(("age", (20.0, 40.0)), ("occluder", ("none", "sunglasses"))),  # held to a part of their range
    )
    done = export(plan, out, default_processes())
    for row in parquet.read_table(done.folder / TABLE).to_pylist():
        left, top, right, bottom = row["box"]
        print(f"{row['file']}: face of {right - left:.0f} x {bottom - top:.0f} px. {row['caption']}")
    print(f"{done.rows} pictures of {done.count} people are in {done.folder}")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(sys.argv[1], *map(int, sys.argv[2:]))

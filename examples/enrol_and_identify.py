"""Enrol people from a folder that holds one folder of photos per person, and say who is on another photo.

Run it: python examples/enrol_and_identify.py FOLDER GALLERY PROBE
The gallery is a folder, too, and is made if it is not there. Run again, only new photos are enrolled.
"""

import sys
from pathlib import Path

import visavis as vv
from visavis.gallery import create_gallery, open_gallery
from visavis.gallery.enrolment import enrol_folder
from visavis.gallery.identify import Identifier


def main(folder: str, place: str, probe: str) -> None:
    engine = vv.Engine()
    if not Path(place).exists():
        create_gallery(place, model=engine.fingerprint, dimension=128, metric="euclidean").close()
    with open_gallery(place) as gallery:
        report = enrol_folder(gallery, engine, folder, consent="example")
        print(f"{len(report.enrolled)} photos enrolled, {len(report.known)} known")
        for outcome in (*report.flagged, *report.refused, *report.failed):
            print(f"{outcome.status}: {outcome.why}")
        for answer in Identifier(gallery, fpir=0.01).faces(engine.faces(probe)):
            print(f"face {answer.probe.index}: {answer.decision or answer.outcome} ({answer.verdict.reason})")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except vv.VisavisError as error:
        sys.exit(f"error: {error}")

"""Do two photos show the same person?

Run it: python examples/match_two_photos.py PROBE REFERENCE
"""

import sys

import visavis as vv


def main(probe: str, reference: str) -> None:
    comparison = vv.match(probe, reference, fmr=1e-3)  # at most 1 in 1,000 strangers may pass as a match
    evidence = comparison.evidence
    print(f"{comparison.decision} (score {evidence.score:.3f}, match threshold {evidence.match_threshold:.3f})")
    print(f"probability of one person: {evidence.probability:.4f}, given a prior of {evidence.prior:g}")
    for note in comparison.notes:
        print(f"note: {note}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        main(sys.argv[1], sys.argv[2])
    except vv.VisavisError as error:
        sys.exit(f"error: {error}")

"""A causal audit in miniature: the same people in the same shots, only the skin tone set, and what that does to errors.

Run it: python examples/synthetic_audit.py [PEOPLE]
Whatever differs between the two lines is caused by the tone, for nothing else differs. It says how the models react to
renders; what they do to real people has to be measured on photos of real people.
"""

import sys
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

import visavis as vv
from visavis.matching.scores import cross_scores
from visavis.synthetic import World, photograph

Scores = NDArray[np.floating]
SHOTS = 4
TONES = {"light (Fitzpatrick II)": 1.0, "dark (Fitzpatrick VI)": 5.0}


def scores(engine: vv.Engine, tone: float, people: int) -> tuple[Scores, Scores, int]:
    """Similarities of one person's shots and of different people, and faces missed, with everybody in one tone."""
    world = World(seed=11, group={"occluder": "none"}, max_yaw=25.0)
    vectors, owners = [], []
    for k in range(people):
        figure = world.figure(replace(world.person(k), tone=tone))
        for faces in engine.faces_batch([photograph(figure, world.shot(k, j), 144).image for j in range(SHOTS)]):
            vectors += [face.template.vector for face in faces[:1] if face.template]
            owners += [k] * len(faces[:1])
    mated, nonmated = cross_scores(np.array(vectors), owners, "euclidean")
    return mated, nonmated, people * SHOTS - len(owners)


def main(people: int = 16) -> None:
    engine = vv.Engine()
    groups = {name: scores(engine, tone, people) for name, tone in TONES.items()}
    # Photos' thresholds mean nothing on renders: one threshold for both groups, which 1 in 100 strangers reach.
    threshold = float(np.quantile(np.concatenate([nonmated for _, nonmated, _ in groups.values()]), 0.99))
    print(f"match from a similarity of {threshold:.3f}")
    for name, (mated, nonmated, missed) in groups.items():
        fmr, fnmr = (nonmated >= threshold).mean(), (mated < threshold).mean()
        print(f"{name}: strangers matched {fmr:.1%}, persons missed {fnmr:.1%}, faces not found {missed}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

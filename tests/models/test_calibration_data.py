"""Calibration data is refused unless it can be read as one consistent scale."""

from __future__ import annotations

import math

import pytest
from pydantic import ValidationError

from visavis.models.calibration import Calibration

GOOD = {
    "slope": 10,
    "intercept": -4,
    "llr_min": -6,
    "llr_max": 8,
    "fmr": [[0.001, 0.5], [0.01, 0.4], [0.1, 0.4]],
    "fnmr": [[0.01, 0.3], [0.1, 0.45]],
    "mated": 100,
    "nonmated": 10_000,
    "identities": 20,
    "cllr": 0.1,
    "source": "photos",
    "command": "visavis",
}


def test_good_data_is_kept_as_it_is_and_cannot_be_changed():
    calibration = Calibration.model_validate(GOOD)
    assert calibration.fmr == ((0.001, 0.5), (0.01, 0.4), (0.1, 0.4))
    with pytest.raises(ValidationError, match="frozen"):
        calibration.slope = 1.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fmr": [[0.01, 0.4], [0.001, 0.5]]}, "fmr: rates must rise, but 0.001 follows 0.01"),
        ({"fmr": [[0.01, 0.4], [0.01, 0.4]]}, "rates must rise"),
        ({"fmr": [[0.01, 0.4], [0.1, 0.5]]}, "fmr: thresholds must fall with the rate, but do not at 0.1"),
        ({"fnmr": [[0.01, 0.4], [0.1, 0.3]]}, "fnmr: thresholds must rise with the rate, but do not at 0.1"),
        ({"fnmr": []}, "at least 1"),
        ({"fmr": [[0, 0.4]]}, "greater than 0"),
        ({"fmr": [[1, 0.4]]}, "less than 1"),
        ({"fmr": [[0.1, math.nan]]}, "finite"),
        ({"slope": 0}, "greater than 0"),
        ({"intercept": math.inf}, "finite"),
        ({"llr_min": 1}, "less than 0"),
        ({"identities": 1}, "greater than or equal to 2"),
        ({"source": ""}, "at least 1 character"),
        ({"speed": 3}, "not permitted"),
    ],
)
def test_data_that_contradicts_itself_is_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        Calibration.model_validate(GOOD | change)

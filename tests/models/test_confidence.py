import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.models.confidence import Confidence


@given(
    rows=st.lists(st.lists(st.floats(-50, 50, width=32), min_size=3, max_size=3), max_size=20),
    token=st.integers(0, 2),
    size=st.sampled_from([1, 4, 100]),
)
def test_the_sum_is_that_of_the_softmax_however_many_rows_wait(
    rows: list[list[float]], token: int, size: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scrubjay.models.confidence._BATCH_LOGITS", size)
        confidence = Confidence(3)
    expected = 0.0
    for row in rows:
        confidence.add(np.array(row, np.float32), token)
        top = max(row)
        expected += row[token] - top - math.log(sum(math.exp(logit - top) for logit in row))
    assert confidence.take() == pytest.approx(expected, abs=1e-3)
    assert confidence.take() == 0.0

"""Dawid and Skene's model: what it takes, what it refuses, and what an agreed prior does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from riskshare.kernels.reliability import dawid_skene

ITEM, RATER, LABEL = [0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2], [0, 0, 1, 1, 1, 0]


def test_no_label_is_an_empty_answer() -> None:
    found = dawid_skene([], [], [], 3)
    assert found.posteriors.shape == (0, 3)
    assert found.error_rates.shape == (0, 3, 3)
    assert np.isnan(found.class_shares).all()
    assert found.converged


def test_a_prior_keeps_a_rater_of_few_labels_near_what_was_agreed() -> None:
    agreed = np.array([[0.8, 0.2], [0.2, 0.8]])
    alone = dawid_skene(ITEM, RATER, LABEL, 2)
    kept = dawid_skene(ITEM, RATER, LABEL, 2, prior=1_000 * agreed)
    assert alone.error_rates[2] == pytest.approx(np.array([[0.0, 1.0], [1.0, 0.0]]), abs=1e-6)
    assert kept.error_rates[2] == pytest.approx(agreed, abs=0.01)
    own = np.stack([1_000 * agreed, 1_000 * agreed, np.zeros((2, 2))])
    assert dawid_skene(ITEM, RATER, LABEL, 2, prior=own).error_rates[0] == pytest.approx(agreed, abs=0.01)


def test_a_label_seen_nowhere_has_rate_0_and_a_prior_gives_it_some() -> None:
    found = dawid_skene(ITEM, RATER, LABEL, 3)
    assert (found.error_rates[:, :2, 2] == 0.0).all()
    assert found.error_rates.sum(axis=2) == pytest.approx(1.0)
    kept = dawid_skene(ITEM, RATER, LABEL, 3, prior=np.ones((3, 3)))
    assert (kept.error_rates > 0.0).all()


def test_steps_end_where_told_and_the_likelihood_never_falls() -> None:
    rng = np.random.default_rng(4)
    item, rater, label = np.repeat(np.arange(60), 4), np.tile(np.arange(4), 60), rng.integers(0, 3, 240)
    found = [dawid_skene(item, rater, label, 3, tol=-np.inf, max_iter=steps) for steps in (1, 2, 5, 50)]
    assert [one.iterations for one in found] == [1, 2, 5, 50]
    assert not found[0].converged
    assert (np.diff([one.log_likelihood for one in found]) > 0).all()
    assert dawid_skene(item, rater, label, 3).converged


def test_another_start_may_lead_to_another_top() -> None:
    start = np.array([[0.1, 0.9], [0.9, 0.1]])
    found = dawid_skene(ITEM, RATER, LABEL, 2, start=start)
    assert found.posteriors.round(3).tolist() == [[0.0, 1.0], [1.0, 0.0]]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"label": [0, 0, 1]}, "one length"),
        ({"n_classes": 1}, "2 or more"),
        ({"label": [0, 0, 1, 1, 1, 2]}, "below n_classes"),
        ({"label": [0, 0, 1, 1, 1, 0.5]}, "whole numbers"),
        ({"item": [0, 0, 0, 2, 2, 2]}, "item must be numbered without gaps"),
        ({"rater": [0, 1, 3, 0, 1, 3]}, "rater must be numbered without gaps"),
        ({"rater": [0, 1, 99, 0, 1, 99]}, "rater must be numbered without gaps"),
        ({"item": [-1, 0, 0, 0, 0, 0]}, "from 0"),
        ({"prior": np.ones((3, 3))}, "prior must be"),
        ({"prior": np.full((2, 2), -1.0)}, "prior must be"),
        ({"start": "random"}, "start must be 'vote'"),
        ({"start": np.ones((3, 2))}, "start must be"),
        ({"start": np.ones((2, 2))}, "add up to 1"),
        ({"max_iter": 0}, "max_iter"),
        ({"tol": np.nan}, "max_iter"),
    ],
)
def test_what_cannot_be_used_is_refused(change: dict[str, Any], told: str) -> None:
    asked: dict[str, Any] = {"item": ITEM, "rater": RATER, "label": LABEL, "n_classes": 2, **change}
    with pytest.raises(ValueError, match=told):
        dawid_skene(**asked)

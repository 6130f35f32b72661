"""Optimizers by themselves: each against its algorithm, with momentum, schedules, both dtypes."""

import naive
import numpy as np
import pytest

import rbmbook as rb
from rbmbook.training.optimize import linear_decay, rate_at

TOLERANCE = {np.float32: 2e-5, np.float64: 1e-12}


def slope(*theta):
    """The gradient of a bowl with its top at 1, of another curvature in each parameter."""
    return [(i + 1) * (1 - p) for i, p in enumerate(theta)]


def climb(optimizer, theta, steps, dtype):
    theta = [p.astype(dtype) for p in theta]
    memory = optimizer.start(theta)
    for update in range(steps):
        optimizer.step(theta, [g.astype(dtype) for g in slope(*theta)], memory, update)
    assert all(p.dtype == dtype for p in theta)
    return theta


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.0, 0.5), (0.5, 0.9)])
def test_adam_equals_its_algorithm(theta, dtype, betas):
    ref = naive.adam(theta, slope, 40, 0.05, *betas)
    comp = climb(rb.Adam(0.05, *betas), theta, 40, dtype)
    for one, other in zip(comp, ref, strict=True):
        np.testing.assert_allclose(one, other, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_sgd_equals_its_formula(theta, dtype, momentum):
    ref = naive.ascend(theta, slope, 40, 0.05, momentum=momentum)
    comp = climb(rb.SGD(0.05, momentum), theta, 40, dtype)
    for one, other in zip(comp, ref, strict=True):
        np.testing.assert_allclose(one, other, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("optimizer", [rb.SGD(0.1), rb.SGD(0.1, 0.8), rb.Adam(0.1)], ids=str)
def test_an_array_of_any_order_in_memory_is_written_to(optimizer):
    W = np.arange(12.0).reshape(3, 4)
    usual, turned, part = W.copy(), np.asfortranarray(W), np.repeat(W, 2, axis=1)[:, ::2]
    for array in (usual, turned, part):
        memory = optimizer.start([array])
        for update in range(2):
            optimizer.step([array], [np.ones((3, 4))], memory, update)
    assert (usual != W).all()
    np.testing.assert_array_equal(turned, usual)
    np.testing.assert_array_equal(part, usual)


def test_adam_first_step_has_the_length_of_the_learning_rate():
    """Whatever the size of the gradient: both corrections are in place."""
    for size in (1e-3, 1.0, 1e3):
        theta = [np.zeros(3)]
        optimizer = rb.Adam(0.01)
        optimizer.step(theta, [np.array([size, -size, 0.0])], optimizer.start(theta), 0)
        np.testing.assert_allclose(theta[0], [0.01, -0.01, 0.0], rtol=1e-4)


@pytest.mark.parametrize("optimizer", [rb.SGD, rb.Adam])
def test_a_schedule_is_asked_at_each_update(theta, optimizer):
    rates = linear_decay(0.2, 0.05, updates=10)
    scheduled = climb(optimizer(rates), theta, 15, np.float64)
    ref = [p.copy() for p in theta]
    memory = optimizer().start(ref)
    for update in range(15):
        optimizer(max(0.2 - 0.015 * update, 0.05)).step(ref, slope(*ref), memory, update)
    for one, other in zip(scheduled, ref, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_linear_decay_is_a_line_and_then_constant():
    rate = linear_decay(0.1, 0.5, updates=4)
    np.testing.assert_allclose([rate(t) for t in range(7)], [0.1, 0.2, 0.3, 0.4, 0.5, 0.5, 0.5])
    assert linear_decay(0.1, 0.02, 1)(1) == pytest.approx(0.02)


def test_a_schedule_is_equal_to_one_with_the_same_numbers_and_reads_like_its_call():
    rate = linear_decay(0.2, 0.01, 40)
    assert rate == eval(repr(rate)) and hash(rate) == hash(linear_decay(0.2, 0.01, updates=40))
    assert rate != linear_decay(0.2, 0.01, 41)
    assert rb.SGD(rate) == rb.SGD(linear_decay(0.2, 0.01, 40)) != rb.SGD(0.2)
    assert repr(rate) in repr(rb.Adam(rate))


@pytest.mark.parametrize("bad", [-1, 1.5, True, "3", None, np.nan])
def test_a_schedule_is_asked_for_the_number_of_an_update(bad):
    with pytest.raises((ValueError, TypeError), match="update: expected an integer"):
        linear_decay(0.2, 0.01, 40)(bad)


@pytest.mark.parametrize("wrong", [{"start": 0.0}, {"end": -1.0}, {"updates": 0}])
def test_a_schedules_numbers_are_checked(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        linear_decay(**{"start": 0.2, "end": 0.01, "updates": 40} | wrong)


@pytest.mark.parametrize("bad", [0.0, -0.1, np.nan, np.inf])
def test_a_rate_that_is_not_positive_is_refused_also_from_a_schedule(bad):
    for make in (rb.SGD, rb.Adam):
        with pytest.raises(ValueError, match="learning_rate"):
            make(bad)
    with pytest.raises(ValueError, match="learning_rate"):
        rate_at(lambda update: bad, 0)


@pytest.mark.parametrize("wrong", [{"beta1": 1.0}, {"beta2": -0.1}, {"epsilon": 0.0}])
def test_adams_numbers_are_checked(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        rb.Adam(0.1, **wrong)

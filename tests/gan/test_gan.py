"""A GAN's files, copies, resumed fits, and what is refused."""

import numpy as np
import pytest
from deep_cases import Interrupted, interrupt
from gan_cases import PENALTIES, SGD, assert_same_bits, draws, fit, game

import rbmbook as rb
from rbmbook.gan.model import GAN
from rbmbook.networks.network import Network

# --- what can go wrong ----------------------------------------------------------------------------

RUNS = {
    "Adam": {},
    "two optimizers": {
        "optimizer": rb.SGD(0.05, momentum=0.5),
        "critic_optimizer": rb.Adam(0.01),
        "critic_steps": 2,
    },
}


@pytest.mark.parametrize("penalty", PENALTIES, ids=str)
@pytest.mark.parametrize("options", RUNS.values(), ids=RUNS)
def test_a_resumed_fit_gives_the_bits_of_an_uninterrupted_one(options, penalty, tmp_path):
    """Three batches an epoch and two steps of the critic: a turn is cut in half."""
    X, path = draws(12)[0], tmp_path / "run.npz"
    through = game("non-saturating", *penalty)
    broken, resumed = through.copy(), through.copy()
    ref = fit(through, X, epochs=7, rng=3, **options)
    with pytest.raises(Interrupted):
        fit(broken, X, epochs=7, rng=3, checkpoint=path, callbacks=[interrupt(3)], **options)
    comp = fit(resumed, X, epochs=7, rng=3, checkpoint=path, **options)
    assert_same_bits(resumed, through)
    for name in set(ref) - {"seconds"}:
        np.testing.assert_array_equal(comp[name], ref[name], err_msg=name)


@pytest.mark.parametrize(
    "change",
    [
        {"critic_steps": 2},
        {"critic_optimizer": SGD},
        {"batch_size": 4},
        {"l1": 0.1},
        {"sample_weight": np.arange(12)},
        {"validation": np.zeros((2, 3))},
    ],
    ids=str,
)
def test_a_checkpoint_of_other_settings_is_refused(change, tmp_path):
    X, path, gan = draws(12)[0], tmp_path / "run.npz", game()
    fit(gan.copy(), X, checkpoint=path)
    with pytest.raises(ValueError, match="checkpoint"):
        fit(gan.copy(), X, epochs=9, checkpoint=path, **change)
    for other in (game("minimax"), game(penalty=0.1), game(activation="softplus")):
        with pytest.raises(ValueError, match="checkpoint"):
            fit(other, X, epochs=9, checkpoint=path)


def test_divergence_puts_both_networks_back_and_says_what_to_lower():
    gan = game("wasserstein", activation="leaky_relu")
    start, X = gan.copy(), draws()[0]
    with pytest.raises(rb.DivergenceError, match=r"SGD\(learning_rate=1e\+200.*gradient_penalty"):
        fit(gan, X, optimizer=rb.SGD(1e200))
    assert_same_bits(gan, start)


def test_a_callback_sees_the_gan_and_may_stop():
    gan, seen = game(), []

    def callback(model, history):
        seen.append(model)
        return history.epochs == 2

    assert fit(gan, draws()[0], epochs=9, callbacks=[callback]).epochs == 2
    assert seen == [gan, gan]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_save_and_load_give_the_same_gan(dtype, tmp_path):
    gan = GAN.random(
        2, 3, (4, 6), "sigmoid", "wasserstein", 1, dtype, 10.0, "data", activation="tanh"
    )
    gan.save(tmp_path / "gan.npz")
    twin = GAN.load(str(tmp_path / "gan.npz"))
    assert_same_bits(twin, gan)
    assert repr(twin) == repr(gan) and repr(twin.critic) == repr(gan.critic)
    assert (twin.loss, twin.gradient_penalty, twin.penalty_at) == ("wasserstein", 10.0, "data")


@pytest.mark.parametrize("kind", ["text", "cut", "network"])
def test_what_is_not_a_saved_gan_is_refused_by_path(kind, tmp_path):
    path, gan = tmp_path / "gan.npz", game()
    gan.save(path)
    if kind == "network":
        gan.critic.save(path)
    else:
        path.write_bytes(b"nothing" if kind == "text" else path.read_bytes()[:-200])
    with pytest.raises(ValueError, match=r"gan\.npz"):
        GAN.load(path)


def test_a_copy_shares_nothing():
    gan = game("minimax", 0.3, "data")
    twin = gan.copy()
    assert_same_bits(twin, gan)
    assert (twin.loss, twin.gradient_penalty, twin.penalty_at) == ("minimax", 0.3, "data")
    for p in twin.parameters:
        p += 1
    assert all((p != q).all() for p, q in zip(gan.parameters, twin.parameters, strict=True))


NET = Network.random((2, 3), rng=0)
CRITIC = Network.random((3, 1), rng=0)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: GAN("net", CRITIC), TypeError, "generator"),
        (lambda: GAN(NET, None), TypeError, "critic"),
        (lambda: GAN(NET, Network.random((2, 1))), ValueError, "critic: expected 3 columns"),
        (lambda: GAN(NET, Network.random((3, 2))), ValueError, "critic: expected one output"),
        (
            lambda: GAN(NET, Network.random((3, 1), output="sigmoid")),
            ValueError,
            "without an activation",
        ),
        (lambda: GAN(NET, CRITIC.astype(np.float64)), ValueError, "critic: expected float32"),
        (lambda: GAN(NET, CRITIC, "hinge"), ValueError, "loss: expected one of non-saturating"),
        (lambda: GAN(NET, CRITIC, 1), TypeError, "loss"),
        (lambda: GAN(NET, CRITIC, gradient_penalty=-1.0), ValueError, "gradient_penalty"),
        (lambda: GAN(NET, CRITIC, penalty_at="samples"), ValueError, "penalty_at"),
        (lambda: GAN.random(0, 3), ValueError, "n_latent"),
        (lambda: GAN.random(2, 3.0), TypeError, "n_data"),
        (lambda: GAN.random(2, 3, hidden=5), TypeError, "hidden"),
        (lambda: GAN.random(2, 3, hidden=(0,)), ValueError, "hidden"),
        (lambda: GAN.random(2, 3, output="softmax"), ValueError, "output"),
        (lambda: game().sample(0, 0), ValueError, "n"),
        (lambda: game().sample(2, "0"), TypeError, "rng"),
        (lambda: game().fit(np.zeros((4, 2))), ValueError, r"X: expected shape \(n, 3\)"),
        (lambda: game().fit(np.full((4, 3), np.nan)), ValueError, "X: expected finite"),
        (lambda: game().fit(np.zeros((4, 3)), epochs=-1), ValueError, "epochs"),
        (lambda: game().fit(np.zeros((4, 3)), batch_size=0), ValueError, "batch_size"),
        (lambda: game().fit(np.zeros((4, 3)), critic_steps=0), ValueError, "critic_steps"),
        (lambda: game().fit(np.zeros((4, 3)), optimizer=0.1), TypeError, "optimizer"),
        (
            lambda: game().fit(np.zeros((4, 3)), critic_optimizer=rb.Adam),
            TypeError,
            "optimizer",
        ),
        (lambda: game().fit(np.zeros((4, 3)), weight_decay=-1.0), ValueError, "weight_decay"),
        (lambda: game().fit(np.zeros((4, 3)), l1="much"), TypeError, "l1"),
        (lambda: game().fit(np.zeros((4, 3)), sample_weight=[1.0]), ValueError, "sample_weight"),
        (lambda: game().fit(np.ones((4, 3)), validation=[[1.0]]), ValueError, "validation"),
        (lambda: game().fit(np.ones((4, 3)), negative=rb.CD(1)), TypeError, "negative.*critic"),
        (lambda: game().fit(np.ones((4, 3)), centered=True), TypeError, "centered.*standardize"),
        (lambda: game().fit(np.ones((4, 3)), sparsity=rb.Sparsity(0.1)), TypeError, "features"),
        (lambda: game().critic_objective(np.zeros((4, 2)), np.zeros((4, 2))), ValueError, "x:"),
        (lambda: game().critic_objective(np.zeros((4, 3)), np.zeros((4, 3))), ValueError, "z:"),
        (
            lambda: game(penalty=1.0).critic_objective(np.zeros((4, 3)), np.zeros((4, 2))),
            ValueError,
            "mix",
        ),
        (lambda: game().generator_objective(np.zeros((4, 3))), ValueError, "z:"),
    ],
)
def test_bad_arguments_are_named(call, error, words):
    with pytest.raises(error, match=words):
        call()

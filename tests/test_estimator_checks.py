"""scikit-learn's own checks of both estimators."""

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

import justright as jr

EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": (
        "A row of weight 2 is in one batch of an epoch, and two copies of it may be in two: "
        "minibatches make these different trainings, as of scikit-learn's MLPClassifier. Rows of "
        "weight 0 are left out, which is to the bit what the check asks for."
    )
}
CHEAP = {
    "hidden": (16,),
    "epochs": 40,
    "batch_size": 16,
    "learning_rate": 0.02,
    "refit": False,
}


pytestmark = pytest.mark.usefixtures("quick_to_compile")


@parametrize_with_checks(
    [jr.RegularizedClassifier("plain", **CHEAP), jr.RegularizedRegressor("plain", **CHEAP)],
    expected_failed_checks=lambda _: EXPECTED,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


# Each fit of the default strategy compiles anew, so a few of the checks stand for all of them.
STANDING_FOR_ALL = {
    "check_fit_idempotent",
    "check_sample_weights_list",
    "check_classifiers_one_label",
    "check_fit2d_1sample",
    "check_readonly_memmap_input",
}


def repr_of(part):
    return getattr(getattr(part, "func", part), "__name__", type(part).__name__)


SOME = [
    (estimator, check)
    for default in (jr.RegularizedClassifier, jr.RegularizedRegressor)
    for estimator, check in estimator_checks_generator(default(budget=2, epochs=2))
    if getattr(check, "func", check).__name__ in STANDING_FOR_ALL
]


@pytest.mark.parametrize(("estimator", "check"), SOME, ids=repr_of)
def test_the_default_strategy_passes_some_of_them(estimator, check):
    check(estimator)


def test_the_checks_that_stand_for_all_are_there():
    assert {getattr(check, "func", check).__name__ for _, check in SOME} == STANDING_FOR_ALL

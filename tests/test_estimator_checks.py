"""scikit-learn's own checks of both estimators."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import justright as jr
from justright.engine import program

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


@pytest.fixture(autouse=True, scope="module")
def quick_to_compile():
    """Compiling well takes longer than running badly, of so many shapes of so few rows."""

    def compiled(_, function, *shapes):
        return function.lower(*shapes).compile({"xla_backend_optimization_level": 0})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "compiled", compiled)
        yield


@parametrize_with_checks(
    [jr.RegularizedClassifier("plain", **CHEAP), jr.RegularizedRegressor("plain", **CHEAP)],
    expected_failed_checks=lambda _: EXPECTED,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)

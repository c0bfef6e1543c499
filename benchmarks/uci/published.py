"""What Gal & Ghahramani's code gave on nine UCI data sets, to stand beside what is measured here.

Source: the files of results in https://github.com/yaringal/DropoutUncertaintyExps (one hidden
layer, 4,000 epochs, `test_MC_rmse` and `test_ll` of `100_xepochs_1_hidden_layers`), mean and
standard error over the 20 splits, protein over 5. The method: Gal & Ghahramani, "Dropout as a
Bayesian approximation: representing model uncertainty in deep learning", ICML 2016, section 5.
"""

from __future__ import annotations

from typing import NamedTuple


class Published(NamedTuple):
    """A test figure and its standard error over splits."""

    rmse: float
    rmse_error: float
    likelihood: float
    likelihood_error: float


PUBLISHED = {
    "boston": Published(2.904, 0.177, -2.402, 0.042),
    "concrete": Published(4.826, 0.161, -2.937, 0.025),
    "energy": Published(0.539, 0.0135, -1.212, 0.005),
    "kin8nm": Published(0.0789, 0.0006, 1.136, 0.007),
    "naval": Published(0.00074, 0.00005, 4.450, 0.002),
    "power": Published(4.014, 0.037, -2.808, 0.009),
    "protein": Published(4.274, 0.021, -2.871, 0.001),
    "wine": Published(0.622, 0.008, -0.928, 0.013),
    "yacht": Published(0.666, 0.049, -1.250, 0.015),
}

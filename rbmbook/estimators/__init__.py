"""The scikit-learn face: transformers, a classifier, an imputer, a recommender, outliers.

Each estimator makes a machine, trains it with `rbmbook.fit` and keeps it as `rbm_`: whatever the
core can do with a machine can be done with it. Names follow scikit-learn where it has one.
"""

from rbmbook.estimators.bernoulli import BernoulliRBM
from rbmbook.estimators.categories import CategoricalEncoder
from rbmbook.estimators.classifier import RBMClassifier
from rbmbook.estimators.gaussian import GaussianRBM
from rbmbook.estimators.imputer import RBMImputer
from rbmbook.estimators.outliers import RBMOutlierDetector
from rbmbook.estimators.ratings import RatingsRBM

__all__ = [
    "BernoulliRBM",
    "CategoricalEncoder",
    "GaussianRBM",
    "RBMClassifier",
    "RBMImputer",
    "RBMOutlierDetector",
    "RatingsRBM",
]

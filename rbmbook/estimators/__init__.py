"""The scikit-learn face: machines as transformers and as a classifier, for pipelines and searches.

Each estimator makes a machine, trains it with `rbmbook.fit` and keeps it as `rbm_`: whatever the
core can do with a machine can be done with it. Names follow scikit-learn where it has one.
"""

from rbmbook.estimators.classifier import RBMClassifier
from rbmbook.estimators.transformers import BernoulliRBM, GaussianRBM

__all__ = ["BernoulliRBM", "GaussianRBM", "RBMClassifier"]

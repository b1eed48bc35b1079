# SPDX-License-Identifier: Apache-2.0
"""Prints scikit-learn's decision values of logistic regression, for tests/fewshot/logistic_regression_test.cc.

Needs scikit-learn and numpy (pip install scikit-learn; the expected numbers are of 1.9.1). The data need no file:
element k of the features, in C order, is 2 frac(k phi) - 1 with phi = 0.6180339887498949, with rows normalised to
length 1; row i has class i mod 5.
"""

import numpy as np
from sklearn.linear_model import LogisticRegression

ROWS, WIDTH, WAYS, QUERIES = 25, 40, 5, 4


def features(first: int, rows: int) -> np.ndarray:
    """Rows of the sequence, normalised to length 1."""
    k = np.arange(first, first + rows * WIDTH, dtype=np.float64)
    values = 2 * np.modf(k * 0.6180339887498949)[0] - 1
    values = values.reshape(rows, WIDTH)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def main() -> None:
    """Fits with a tolerance far below the default and prints the centred decision values."""
    for inverse_penalty in (1.0, 100.0):
        model = LogisticRegression(C=inverse_penalty, tol=1e-14, max_iter=1_000_000, solver="newton-cholesky")
        model.fit(features(0, ROWS), np.arange(ROWS) % WAYS)
        decisions = model.decision_function(features(ROWS * WIDTH, QUERIES))
        decisions -= model.intercept_.mean()
        print(f"C = {inverse_penalty}:", np.array2string(decisions, precision=9, separator=", "))


if __name__ == "__main__":
    main()

"""Where sums over lags that should go on are cut off: after a round number, or one before it."""

LAGS = [n - less for n in (10, 20, 50, 100, 200, 400, 500, 1000, 2000, 5000) for less in (0, 1)]
LAGS.append(10_000)

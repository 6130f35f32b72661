"""A machine summed over all its states in decimal numbers of 400 digits: for any magnitude."""

import decimal
import itertools

CONTEXT = decimal.Context(prec=400, Emax=10**9, Emin=-(10**9))
PI = decimal.Decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628")
SHORT = decimal.Context(prec=30, Emax=10**9, Emin=-(10**9))


def log_joint(W, a, b, levels_v, levels_h):
    """−E of every pair of states (v, h), two tuples each, exactly."""
    with decimal.localcontext(CONTEXT):
        W, a, b = [[decimal.Decimal(x) for x in row] for row in W.tolist()], *map(_exact, (a, b))
        table = {}
        for v in itertools.product(levels_v, repeat=len(a)):
            fields = [b[j] + sum(v[i] * W[i][j] for i in range(len(a))) for j in range(len(b))]
            bias = sum(a[i] * v[i] for i in range(len(a)))
            for h in itertools.product(levels_h, repeat=len(b)):
                table[v, h] = bias + sum(x * y for x, y in zip(h, fields, strict=True))
        return table


def log_sum(numbers):
    """log Σ exp of decimal numbers."""
    with decimal.localcontext(CONTEXT):
        numbers = list(numbers)
        peak = max(numbers)
        return peak + sum(_exp(x - peak) for x in numbers).ln(SHORT)


def answers(W, a, b, levels_v=(0, 1), levels_h=(0, 1)):
    """log Z, and the lists ⟨v⟩, ⟨h⟩, p(v), log p(v) in counting order, as floats."""
    table = log_joint(W, a, b, levels_v, levels_h)
    with decimal.localcontext(CONTEXT):
        log_z = log_sum(table.values())
        p = {key: _exp(x - log_z) for key, x in table.items()}
        mean_v = [sum(q * v[i] for (v, _), q in p.items()) for i in range(len(a))]
        mean_h = [sum(q * h[j] for (_, h), q in p.items()) for j in range(len(b))]
        log_v = {}
        for (v, _), x in table.items():
            log_v.setdefault(v, []).append(x)
        log_p = [log_sum(x) - log_z for x in log_v.values()]
        p_v = [_exp(x) for x in log_p]
    return float(log_z), *(list(map(float, x)) for x in (mean_v, mean_h, p_v, log_p))


def gaussian_log_p(W, a, b, log_precision, v):
    """log p(v) of each row, for Gaussian visible units and hidden units in {0, 1}."""
    with decimal.localcontext(SHORT) as context:
        context.prec = 80
        W, v = [[[decimal.Decimal(x) for x in row] for row in m.tolist()] for m in (W, v)]
        a, b, precision = _exact(a), _exact(b), [x.exp() for x in _exact(log_precision)]
        log_z = log_sum(
            sum(x * y for x, y in zip(b, h, strict=True))
            + sum(
                (a[i] + sum(w * x for w, x in zip(W[i], h, strict=True))) ** 2 / (2 * precision[i])
                + (2 * PI / precision[i]).ln() / 2
                for i in range(len(a))
            )
            for h in itertools.product((0, 1), repeat=len(b))
        )
        found = []
        for row in v:
            log_p = -log_z
            for x, bias, gamma in zip(row, a, precision, strict=True):
                log_p += bias * x - gamma * x * x / 2
            for j, bias in enumerate(b):
                log_p += log_sum(
                    [decimal.Decimal(0), bias + sum(x * W[i][j] for i, x in enumerate(row))]
                )
            found.append(float(log_p))
        return found


def _exact(x):
    return [decimal.Decimal(value) for value in x.tolist()]


def _exp(x):
    return decimal.Decimal(0) if x < -2000 else x.exp(SHORT)

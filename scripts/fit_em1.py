#!/usr/bin/env python3
"""Fits the polynomial of src/kernels/simd/em1-inl.h: q(r) with the least largest relative error against
(2^r - 1) / r on |r| <= 1/2, by the second algorithm of Remez, and checks that the header has these coefficients.

    scripts/fit_em1.py [--degree 5]

Needs only Python. Arithmetic in 60 digits, so that the coefficients are those of the exact problem, rounded once.
"""
import argparse
import decimal
import pathlib
import re
import struct
import sys

decimal.getcontext().prec = 60
Number = decimal.Decimal
LN2 = Number(2).ln()
HEADER = pathlib.Path(__file__).resolve().parent.parent / "src/kernels/simd/em1-inl.h"


def target(r):
    """(2^r - 1) / r, by its series near 0."""
    if abs(r) > Number("0.01"):
        return ((r * LN2).exp() - 1) / r
    total, term = Number(0), LN2
    for n in range(2, 40):
        total += term
        term *= r * LN2 / n
    return total


def value(coefficients, r):
    total = Number(0)
    for each in reversed(coefficients):
        total = total * r + each
    return total


def relative_error(coefficients, r):
    return value(coefficients, r) / target(r) - 1


def solve(matrix, right):
    """Gauss, with the largest pivot."""
    rows = [row[:] + [number] for row, number in zip(matrix, right)]
    size = len(rows)
    for column in range(size):
        pivot = max(range(column, size), key=lambda place: abs(rows[place][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for other in range(column + 1, size):
            factor = rows[other][column] / rows[column][column]
            rows[other] = [a - factor * b for a, b in zip(rows[other], rows[column])]
    result = [Number(0)] * size
    for row in reversed(range(size)):
        known = sum(rows[row][column] * result[column] for column in range(row + 1, size))
        result[row] = (rows[row][size] - known) / rows[row][row]
    return result


def fit_through(points):
    """The polynomial whose relative error is +e, -e, +e ... at the points; and e."""
    count = len(points) - 1
    matrix = [[r ** power / target(r) for power in range(count)] + [Number(1 if place % 2 else -1)]
              for place, r in enumerate(points)]
    *coefficients, error = solve(matrix, [Number(1)] * len(points))
    return coefficients, abs(error)


def extremes(coefficients, count):
    """Where the relative error is largest between two changes of its sign."""
    grid = [Number(place) / 2000 - Number("0.5") for place in range(2001)]
    errors = [relative_error(coefficients, r) for r in grid]
    groups = [[0]]
    for place in range(1, len(grid)):
        if (errors[place] > 0) != (errors[place - 1] > 0):
            groups.append([])
        groups[-1].append(place)
    found = [grid[max(group, key=lambda place: abs(errors[place]))] for group in groups]
    if len(found) != count:
        raise SystemExit(f"error: {len(found)} extremes instead of {count}")
    return [refined(coefficients, r) for r in found]


def refined(coefficients, r):
    """Golden section around r, inside [-1/2, 1/2]."""
    step = Number(1) / 2000
    low, high = max(r - step, Number("-0.5")), min(r + step, Number("0.5"))
    ratio = (Number(5).sqrt() - 1) / 2
    for _ in range(60):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if abs(relative_error(coefficients, left)) > abs(relative_error(coefficients, right)):
            high = right
        else:
            low = left
    inner = (low + high) / 2
    return max((inner, r), key=lambda at: abs(relative_error(coefficients, at)))


def remez(degree):
    pi = Number("3.14159265358979323846")
    points = sorted(cosine(pi * place / (degree + 1)) / 2 for place in range(degree + 2))
    for _ in range(20):
        coefficients, error = fit_through(points)
        points = extremes(coefficients, degree + 2)
        largest = max(abs(relative_error(coefficients, r)) for r in points)
        if largest / error - 1 < Number("1e-12"):
            return coefficients, largest
    raise SystemExit("error: no convergence in 20 rounds")


def cosine(x):
    total, term = Number(0), Number(1)
    for n in range(1, 60):
        total += term
        term *= -x * x / ((2 * n - 1) * 2 * n)
    return total


def bits(number):
    """Of the float nearest to it."""
    return struct.unpack("<i", struct.pack("<f", float(number)))[0]


def coefficients_of_header():
    """In the order of powers."""
    body = HEADER.read_text().split("Vector em1(Power power)")[1].split("\n}")[0]
    numbers = re.findall(r"hn::Set\(tag, (0\.\d+)F\)", body)
    return sorted(map(float, numbers), reverse=True)  # each power's is smaller than the one before


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--degree", type=int, default=5)
    degree = parser.parse_args().degree
    coefficients, error = remez(degree)
    for power, each in enumerate(coefficients):
        print(f"c{power} {each:.14f}  as a float {struct.unpack('<f', struct.pack('<f', float(each)))[0]:.11f}")
    print(f"largest relative error {error:.3e}")
    if degree != 5:
        return 0
    given = coefficients_of_header()
    steps = [abs(bits(a) - bits(b)) for a, b in zip(given, coefficients)]
    print(f"{HEADER.name}: {len(given)} coefficients, floats from these: {steps}")
    return 0 if len(given) == degree + 1 and max(steps) <= 1 else 1


if __name__ == "__main__":
    sys.exit(main())

"""Frameworks that are wrong in their second derivatives alone. Each departs in a line or two."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import reference_framework
from reference_framework import Realized

from parity.execution.protocol import Array, Batch

Arrays = dict[str, Array]


class Implementation(reference_framework.Implementation):
    """The right one; what is below subclasses it."""


class TwiceTheProduct(Implementation):
    """As of a loss without its half."""

    class realized(Realized):
        def hessian_vector_product(self, batch: Batch, direction: Mapping[str, Array]) -> Arrays:
            return {name: 2 * array for name, array in super().hessian_vector_product(batch, direction).items()}


class GradientInstead(Implementation):
    """g, whatever the direction."""

    class realized(Realized):
        def hessian_vector_product(self, batch: Batch, direction: Mapping[str, Array]) -> Arrays:
            return dict(self.gradients(batch).gradients)


class TransposedDirection(Implementation):
    """v in the layout of the transposed kernel."""

    class realized(Realized):
        def hessian_vector_product(self, batch: Batch, direction: Mapping[str, Array]) -> Arrays:
            return super().hessian_vector_product(batch, {name: v.T.reshape(v.shape) for name, v in direction.items()})


class OneParameterAlone(Implementation):
    """The blocks of the Hessian on its diagonal: what one parameter does to the slope of another is lost."""

    class realized(Realized):
        def hessian_vector_product(self, batch: Batch, direction: Mapping[str, Array]) -> Arrays:
            found = {}
            for name in direction:
                alone = {other: v if other == name else np.zeros_like(v) for other, v in direction.items()}
                found[name] = super().hessian_vector_product(batch, alone)[name]
            return found


class NoSecondOrder(Implementation):
    """The gradient of the loss does not flow back through the layers: zeros, as MXNet's FullyConnected gives them."""

    class realized(Realized):
        def hessian_vector_product(self, batch: Batch, direction: Mapping[str, Array]) -> Arrays:
            return {name: np.zeros_like(v) for name, v in direction.items()}


class MovesWithTheDirection(Implementation):
    """Leaves the parameters where a difference quotient has put them."""

    class realized(Realized):
        def hessian_vector_product(self, batch: Batch, direction: Mapping[str, Array]) -> Arrays:
            found = super().hessian_vector_product(batch, direction)
            self.held |= {name: self.held[name] + self.held[name].dtype.type(2**-20) * v for name, v in direction.items()}
            return found


class DifferenceQuotient(Implementation):
    """(g(w + e·v) - g(w - e·v)) / 2e: right to half of the digits."""

    class realized(Realized):
        def hessian_vector_product(self, batch: Batch, direction: Mapping[str, Array]) -> Arrays:
            held, e = dict(self.held), self.held[next(iter(direction))].dtype.type(2**-12)
            sides = []
            for sign in (1, -1):
                self.held = {**held, **{name: held[name] + sign * e * v for name, v in direction.items()}}
                sides.append(self.gradients(batch).gradients)
            self.held = held
            return {name: (sides[0][name] - sides[1][name]) / (2 * e) for name in direction}


class Float32Product(Implementation):
    """Products in float32, though float64 is asked."""

    class realized(Realized):
        def hessian_vector_product(self, batch: Batch, direction: Mapping[str, Array]) -> Arrays:
            found = super().hessian_vector_product(batch, direction)
            return {name: array.astype(np.float32).astype(array.dtype) for name, array in found.items()}


class NanProduct(Implementation):
    class realized(Realized):
        def hessian_vector_product(self, batch: Batch, direction: Mapping[str, Array]) -> Arrays:
            return {name: array * np.nan for name, array in super().hessian_vector_product(batch, direction).items()}


class StaysWhereItIs(Implementation):
    """Right products; parameters that are set a second time are not taken over."""

    class realized(Realized):
        def set_parameters(self, values: Mapping[str, Array]) -> None:
            if not self.held:
                super().set_parameters(values)

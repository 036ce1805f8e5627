"""What float32 costs the gradient through Keras's batch norm, in u of its greatest number: run by Keras's interpreter, alone.

Beside it the bound of parity/comparing/tensor_pairs.py, `Norm`, on the same data. 3·8·9 = 216 numbers in each of six channels.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

SHAPE, EPSILON, DRAWS, U, FACTOR = (3, 8, 9, 6), 1e-3, 20, 2.0**-24, 4


def gradient(x: np.ndarray, g: np.ndarray, scale: np.ndarray, dtype: str) -> np.ndarray:
    layer = keras.layers.BatchNormalization(epsilon=EPSILON, dtype=dtype)
    layer.build(SHAPE)
    layer.gamma.assign(scale)
    taken = tf.constant(x, dtype)
    with tf.GradientTape() as tape:
        tape.watch(taken)
        loss = tf.reduce_sum(layer(taken, training=True) * tf.constant(g, dtype))
    return tape.gradient(loss, taken).numpy().astype(np.float64)


def main() -> None:
    numbers = np.random.default_rng(0)
    for mean in (0, 1, 3):
        for mean_of_g in (0, 1, 3, 10):
            errors, bounds = [], []
            for _ in range(DRAWS):
                x = (numbers.standard_normal(SHAPE) + mean * numbers.standard_normal(SHAPE[-1])).astype("float32")
                g = (numbers.standard_normal(SHAPE) + mean_of_g).astype("float32")
                scale = (1 + numbers.uniform(-0.3, 0.3, SHAPE[-1])).astype("float32")
                exact = gradient(x, g, scale, "float64")
                errors.append(np.abs(gradient(x, g, scale, "float32") - exact).max() / np.abs(exact).max() / U)
                rows = x.reshape(-1, SHAPE[-1]).astype(np.float64)
                share = 1 + np.max(np.abs(rows.mean(0)) / np.sqrt(rows.var(0) + EPSILON))
                bounds.append(FACTOR * np.sqrt(len(rows)) * share)
            greatest = f"at most {max(errors):.3g}, {max(np.divide(errors, bounds)):.2f} of the bound"
            print(f"means of {mean} deviations, of g {mean_of_g}: {np.median(errors):.3g} u ({greatest})", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()

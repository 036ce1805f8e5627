"""Owns the closed forms of published rules that are no variants of others: the names, updates and states of the library.

It refuses variants of momentum, Adagrad, RMSprop, Adadelta, Adam, Nadam and AdaMax: those are in rules.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

Texts = Mapping[str, str]
Published = tuple[str, Texts, Texts]
"""Name, update, state."""

MOMENTS: Texts = {"m": "beta_1*m + (1 - beta_1)*g", "v": "beta_2*v + (1 - beta_2)*g**2"}
FIRST, SECOND = "m/(1 - beta_1**t)", "v/(1 - beta_2**t)"


def published() -> Iterator[Published]:
    yield from _ftrls()
    yield from _lambs()
    yield from _radams()
    yield from _beliefs()
    yield from _yogis()
    yield from _larses()
    yield _adafactor()
    yield _rprop()
    yield _ftml()


def _ftrls() -> Iterator[Published]:
    """McMahan et al. 2013, Ad click prediction, algorithm 1."""
    z = "z + g - (sqrt(n + g**2) - sqrt(n))/learning_rate*w"
    cut = "(minimum(maximum(z, -l1), l1) - z)"
    shrinkings = {"ftrl": "l2", "ftrl, l2 counts twice": "2*l2", "ftrl, l2 is weight_decay": "weight_decay"}
    for start, value in (("", "0"), (", accumulator from its argument", "accumulator")):
        for name, shrinking in shrinkings.items():
            step = f"{cut}/((beta + sqrt(n))/learning_rate + {shrinking})"
            yield name + start, {"z": z, "n": "n + g**2", "w": step}, {"z": "0", "n": value}


def _lambs() -> Iterator[Published]:
    """You et al. 2020, arXiv 1904.00962, algorithm 2; the paper leaves open how norms are scaled."""
    moments = {
        "": f"{FIRST}/(sqrt({SECOND}) + epsilon)",
        ", moments not corrected": "m/(sqrt(v) + epsilon)",
    }
    ratios = {
        "": "norm(w)/norm(r)",
        ", norm of the weights at most 10": "min(norm(w), 10)/norm(r)",
        ", trust ratio at most 1": "min(norm(w)/norm(r), 1)",
    }
    for name, decay in (("lamb", " + weight_decay*w"), ("lamb without weight decay", "")):
        for corrected, direction in moments.items():
            for clipped, ratio in ratios.items():
                update = {**MOMENTS, "r": direction + decay, "w": f"w - learning_rate*{ratio}*r"}
                yield name + corrected + clipped, update, {"m": "0", "v": "0", "r": "0"}


def _radams() -> Iterator[Published]:
    """Liu et al. 2020, arXiv 1908.03265, algorithm 2: `on` is 1 where the variance is tractable, else 0.

    The paper's threshold is 4; its authors' code and torch have 5. The paper has no epsilon.
    """
    longest = "(2/(1 - beta_2) - 1)"
    rectified = f"sqrt(maximum((rho_t - 4)*(rho_t - 2)*{longest}/(({longest} - 4)*({longest} - 2)*rho_t), 0))"
    for threshold, suffix in ((5, ""), (4, ", rectified above 4")):
        for below, where in (
            ("sqrt(1 - beta_2**t)/(sqrt(v) + epsilon)", ""),
            (f"1/(sqrt({SECOND}) + epsilon)", ", epsilon after the bias correction"),
        ):
            update = {
                **MOMENTS,
                "rho_t": f"{longest} - 2*t*beta_2**t/(1 - beta_2**t)",
                "on": f"sign(maximum(rho_t - {threshold}, 0))",
                "w": f"w - learning_rate*{FIRST}*(on*{rectified}*{below} + 1 - on)",
            }
            yield "radam" + suffix + where, update, dict.fromkeys(("m", "v", "rho_t", "on"), "0")


def _beliefs() -> Iterator[Published]:
    """Zhuang et al. 2020, arXiv 2010.07468, algorithm 2."""
    for name, added in (("adabelief", " + epsilon"), ("adabelief, epsilon only below", "")):
        second = f"beta_2*v + (1 - beta_2)*(g - m)**2{added}"
        update = {"m": MOMENTS["m"], "v": second, "w": f"w - learning_rate*{FIRST}/(sqrt({SECOND}) + epsilon)"}
        yield name, update, {"m": "0", "v": "0"}


def _yogis() -> Iterator[Published]:
    """Zaheer et al. 2018, Adaptive methods for nonconvex optimization, algorithm 2."""
    second = "v - (1 - beta_2)*sign(v - g**2)*g**2"
    for name, step in (
        ("yogi", "m/(sqrt(v) + epsilon)"),
        ("yogi, moments corrected", f"{FIRST}/(sqrt({SECOND}) + epsilon)"),
    ):
        yield name, {"m": MOMENTS["m"], "v": second, "w": f"w - learning_rate*{step}"}, {"m": "0", "v": "0"}


def _larses() -> Iterator[Published]:
    """You, Gitman & Ginsburg 2017, arXiv 1708.03888, algorithm 1."""
    for suffix, added in (("", ""), (", epsilon added to the norms", " + epsilon")):
        local = f"trust*norm(w)/(norm(g) + weight_decay*norm(w){added})*(g + weight_decay*w)"
        inside = {"v": f"momentum*v + learning_rate*{local}", "w": "w - v"}
        outside = {"v": f"momentum*v + {local}", "w": "w - learning_rate*v"}
        yield "lars" + suffix, inside, {"v": "0"}
        yield f"lars, learning rate outside the velocity{suffix}", outside, {"v": "0"}


def _adafactor() -> Published:
    """Shazeer & Stern 2018, arXiv 1804.04235, algorithms 4 and 5."""
    share, square = "t**beta_2_decay", "g**2 + epsilon_1"
    update = {
        "r": f"(1 - {share})*r + {share}*row_means({square})",
        "c": f"(1 - {share})*c + {share}*column_means({square})",
        "u": "g/sqrt(r*c/column_means(r))",
        "w": "w - max(epsilon_2, rms(w))*min(learning_rate, t**(-0.5))*u/max(1, rms(u)/clip_threshold)",
    }
    return "adafactor", update, {"r": "0", "c": "0", "u": "0"}


def _rprop() -> Published:
    """Igel & Hüsken 2000, Improving the Rprop learning algorithm, iRprop-: where the sign changes, the gradient counts as 0."""
    update = {
        "turn": "sign(g*p)",
        "size": (
            "minimum(maximum(size*(1 + (eta_plus - 1)*maximum(turn, 0) + (eta_minus - 1)*maximum(-turn, 0)), "
            "smallest_step), largest_step)"
        ),
        "p": "g*(1 - maximum(-turn, 0))",
        "w": "w - size*sign(p)",
    }
    return "rprop", update, {"turn": "0", "size": "learning_rate", "p": "0"}


def _ftml() -> Published:
    """Zheng & Kwok 2017, Follow the moving leader in deep learning, algorithm 1. d: value before this step, n: value in it."""
    update = {
        "v": MOMENTS["v"],
        "n": f"(1 - beta_1**t)/learning_rate*(sqrt({SECOND}) + epsilon)",
        "z": "beta_1*z + (1 - beta_1)*g - (n - beta_1*d)*w",
        "d": "n",
        "w": "-z/d",
    }
    return "ftml", update, dict.fromkeys(("v", "n", "z", "d"), "0")

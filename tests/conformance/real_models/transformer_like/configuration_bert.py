from __future__ import annotations

import json
from typing import Any


class BertConfig:
    def __init__(self, **kwargs: Any) -> None:
        for name, value in kwargs.items():
            setattr(self, name, value)

    @classmethod
    def from_json_file(cls, path: str, **changes: Any) -> BertConfig:
        with open(path, encoding="utf-8") as file:
            return cls(**{**json.load(file), **changes})

"""Owns the step from a table to a frame of pandas, where pandas is installed. It refuses to install it, and to need it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from parity.documents.tables import DataTable, records
from parity.errors import UsageError

if TYPE_CHECKING:
    from pandas import DataFrame


def frame(table: DataTable) -> DataFrame:
    """One row a row, one column a column. Raises UsageError where there is no pandas."""
    if find_spec("pandas") is None:
        raise UsageError(
            "`to_frame` gives a frame of pandas, and pandas is not installed: pip install pandas; `.table.rows` needs nothing"
        )
    from pandas import DataFrame

    return DataFrame.from_records(records(table), columns=list(table.columns))

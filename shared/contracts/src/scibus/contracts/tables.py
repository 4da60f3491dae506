"""Tables: what a `table` operation answers, in JSON on the wire and as an object in Python."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from pydantic import Field

from scibus.contracts.model import Contract

if TYPE_CHECKING:
    import pandas
    import pyarrow

ARROW_STREAM = "application/vnd.apache.arrow.stream"
JSON = "application/json"


class TableColumn(Contract):
    """One column; `null` stands for a missing value, the texts `NaN`, `Infinity` and `-Infinity` for such numbers."""

    name: str
    type: str = Field(description="Arrow type.", examples=["int64", "uint32", "double", "string"])
    units: str | None = None
    note: str | None = None
    values: list[Any]


class TableBody(Contract):
    """A table in JSON: columns of equal length. With `Accept: application/vnd.apache.arrow.stream`: an Arrow stream."""

    count: int = Field(ge=0, description="Number of rows.")
    columns: list[TableColumn]
    index: str | None = Field(default=None, description="Name of the column that names the rows.")


class Table(ABC):
    """A typed table, as the Python client returns it."""

    @property
    @abstractmethod
    def column_names(self) -> list[str]:
        """Names of the columns, in order."""

    @abstractmethod
    def __len__(self) -> int:
        """Number of rows."""

    @abstractmethod
    def rows(self) -> list[dict[str, Any]]:
        """The rows, each a dictionary by column name; every value of the table becomes a Python object."""

    @abstractmethod
    def to_arrow(self) -> "pyarrow.Table":
        """The table as Arrow, column by column, without a copy where it came as Arrow.

        Raises:
            ImportError: pyarrow is not installed (the extra `table`).
        """

    def to_pandas(self) -> "pandas.DataFrame":
        """The table as a pandas data frame with nullable types: an integer column with gaps stays an integer column.

        Raises:
            ImportError: pyarrow or pandas is not installed.
        """
        import pandas
        import pyarrow

        arrow = self.to_arrow()
        nullable = {
            pyarrow.int64(): pandas.Int64Dtype(),
            pyarrow.uint32(): pandas.UInt32Dtype(),
            pyarrow.uint64(): pandas.UInt64Dtype(),
        }
        frame = arrow.to_pandas(types_mapper=nullable.get)
        index = (arrow.schema.metadata or {}).get(b"scibus.index")
        return frame.set_index(index.decode()) if index else frame

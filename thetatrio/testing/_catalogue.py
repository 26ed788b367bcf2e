"""Every operation the simulated terminal serves."""

from __future__ import annotations

from typing import Final

from thetatrio.testing._calendar_operations import CALENDAR_OPERATIONS
from thetatrio.testing._flat_files import FLAT_FILES
from thetatrio.testing._greeks_operations import GREEKS_OPERATIONS
from thetatrio.testing._index_operations import INDEX_OPERATIONS
from thetatrio.testing._operations import Operation
from thetatrio.testing._option_operations import OPTION_OPERATIONS
from thetatrio.testing._option_snapshots import OPTION_SNAPSHOTS
from thetatrio.testing._stock_operations import STOCK_OPERATIONS

OPERATIONS: Final[tuple[Operation, ...]] = (
    *STOCK_OPERATIONS,
    *OPTION_OPERATIONS,
    *OPTION_SNAPSHOTS,
    *GREEKS_OPERATIONS,
    *INDEX_OPERATIONS,
    *CALENDAR_OPERATIONS,
    *FLAT_FILES,
)

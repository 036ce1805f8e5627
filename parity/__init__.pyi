"""What type checkers and editors see of `import parity`; tests/api/test_python.py holds it to __init__.py."""

from parity.api.choosing import recommend as recommend
from parity.api.choosing import site as site
from parity.api.comparing import bisect as bisect
from parity.api.comparing import check as check
from parity.api.comparing import compare as compare
from parity.api.comparing import fingerprint as fingerprint
from parity.api.housekeeping import clean as clean
from parity.api.housekeeping import env_add as env_add
from parity.api.housekeeping import env_build as env_build
from parity.api.housekeeping import env_list as env_list
from parity.api.housekeeping import env_measure as env_measure
from parity.api.housekeeping import env_remove as env_remove
from parity.api.inspecting import atlas_ as atlas_
from parity.api.inspecting import doctor as doctor
from parity.api.inspecting import list_ as list_
from parity.api.inspecting import read as read
from parity.api.inspecting import schema as schema
from parity.api.inspecting import show as show
from parity.api.running import bench as bench
from parity.api.running import report as report
from parity.api.running import run as run
from parity.api.weight_files import export as export
from parity.api.weight_files import weights_check as weights_check
from parity.api.weight_files import weights_export as weights_export
from parity.api.weight_files import weights_import as weights_import
from parity.documents.bench_results import Fingerprinted as Fingerprinted
from parity.documents.bench_results import Timed as Timed
from parity.documents.bench_results import Timing as Timing
from parity.documents.results import CaseResult as CaseResult
from parity.documents.results import Checked as Checked
from parity.documents.results import Machine as Machine
from parity.documents.results import Result as Result
from parity.documents.results import Summary as Summary
from parity.documents.table_results import Bisected as Bisected
from parity.documents.table_results import Shown as Shown
from parity.documents.table_results import Tabled as Tabled
from parity.documents.table_results import Written as Written
from parity.documents.tables import DataTable as DataTable
from parity.errors import UsageError as UsageError
from parity.spec.mistakes import SpecError as SpecError

__version__: str

"""A process that is no member of a cluster is what it was without one."""

import subprocess
import sys

_CODE = """
import sys, api.cli
from api.app import create_app
from api.server import serve
from infrastructure.settings import Settings
create_app(Settings(storage={"enabled": False}))
sys.exit("confluent_kafka" in sys.modules)
"""


def test_a_process_on_its_own_does_not_load_the_libraries_of_a_cluster() -> None:
    assert subprocess.run([sys.executable, "-c", _CODE], check=False).returncode == 0

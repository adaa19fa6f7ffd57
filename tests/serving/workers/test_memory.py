"""Objects that no garbage collection walks."""

import subprocess
import sys

EXCLUSION = """
import gc
from serving.workers.memory import exclude_libraries

gc.collect()
libraries = [[] for _ in range(100_000)]
exclude_libraries()
walked = len(gc.get_objects())
models = [[] for _ in range(10_000)]
exclude_libraries()
print(walked, len(gc.get_objects()) - walked)
"""


def test_what_lives_at_the_first_call_is_excluded_and_nothing_later():
    done = subprocess.run([sys.executable, "-c", EXCLUSION], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    walked, later = map(int, done.stdout.split())
    assert walked < 1_000
    assert later >= 10_000

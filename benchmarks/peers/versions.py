"""Prints the machine and the versions of what was measured, as JSON."""

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("bertviz", "inspectus", "circuitsvis", "torch", "transformers")
package = json.loads((Path(__file__).parents[2] / "package.json").read_text())
cpu = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
print(
    json.dumps(
        {
            "machine": f"{os.cpu_count()} x {cpu[0] if cpu else platform.processor()}",
            "load": f"{os.getloadavg()[0]:.1f}",
            "Python": platform.python_version(),
            "headscope": package["version"],
            **{name: version(name) for name in PACKAGES},
        }
    )
)

"""Spark's own Ivy as a process: the only thing here that talks to a package registry for jars."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from xml.sax.saxutils import quoteattr

from backend.errors import ServiceUnavailable
from stack.jar_lock import Coordinates
from stack.java import Java

CONNECT_TIMEOUT_MS = 10_000
READ_TIMEOUT_MS = 60_000
CACHE_LAYOUT = "[organisation]/[module]/[revision]/[artifact]-[revision](-[classifier]).[ext]"

_SETTINGS = """<ivysettings>
  <property name="ivy.checksums" value=""/>
  <settings defaultResolver="registry"/>
  <timeout-constraints>
    <timeout-constraint name="bounded" connectionTimeout="{connect}" readTimeout="{read}"/>
  </timeout-constraints>
  <caches defaultCacheDir={cache} artifactPattern="{layout}"/>
  <resolvers>
    <ibiblio name="registry" m2compatible="true" usepoms="{poms}" useMavenMetadata="false" timeoutConstraint="bounded"/>
  </resolvers>
</ivysettings>
"""

_MODULE = """<ivy-module version="2.0" xmlns:m="http://ant.apache.org/ivy/maven">
  <info organisation="alert.quicklook" module="stack"/>
  <configurations><conf name="default"/></configurations>
  <dependencies>
{dependencies}
  </dependencies>
</ivy-module>
"""


def spark_home() -> Path:
    """Folder of the pip-installed Spark.

    Raises
    ------
    ServiceUnavailable
        When this Python has no pyspark: nothing of the stack can run then.
    """
    spec = find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise ServiceUnavailable("Spark", "This Python has no pyspark.", "Run 'pip install -r requirements.txt'.")
    return Path(spec.origin).parent


def start_ivy(
    java: Java, work_dir: Path, wanted: Iterable[Coordinates], *, transitive: bool
) -> subprocess.Popen[bytes]:
    """Start Ivy downloading jars into ``work_dir/cache``, in the layout of ``Coordinates.path``.

    Ivy renames a jar to its final name only when it is whole. Its output goes to ``work_dir/ivy.log``.

    Parameters
    ----------
    transitive
        Whether dependencies come along, by the poms: for making the lock. Otherwise only the jars named.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    settings_file, module_file = work_dir / "ivysettings.xml", work_dir / "ivy.xml"
    settings_file.write_text(
        _SETTINGS.format(
            connect=CONNECT_TIMEOUT_MS,
            read=READ_TIMEOUT_MS,
            cache=quoteattr(str(work_dir / "cache")),
            layout=CACHE_LAYOUT,
            poms=str(transitive).lower(),
        )
    )
    module_file.write_text(_MODULE.format(dependencies="\n".join(_dependency(c, transitive) for c in wanted)))
    command = [*_ivy_command(java), "-settings", str(settings_file), "-ivy", str(module_file)]
    with (work_dir / "ivy.log").open("wb") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)


def _ivy_command(java: Java) -> Sequence[str]:
    ivy_jar = next((spark_home() / "jars").glob("ivy-*.jar"), None)
    if ivy_jar is None:
        raise ServiceUnavailable("Spark", "pyspark has no ivy-*.jar.", "Install pyspark again with pip.")
    flags = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m", *java.trust_flags)
    return (str(java.executable), *flags, "-cp", str(ivy_jar), "org.apache.ivy.Main")


def _dependency(jar: Coordinates, transitive: bool) -> str:
    attributes = f"org={quoteattr(jar.organisation)} name={quoteattr(jar.module)} rev={quoteattr(jar.revision)}"
    if transitive:
        return f'    <dependency {attributes} conf="default->default"/>'
    classifier = f" m:classifier={quoteattr(jar.classifier)}" if jar.classifier else ""
    artifact = f'<artifact name={quoteattr(jar.module)} type="jar" ext="jar"{classifier}/>'
    return f'    <dependency {attributes} transitive="false" conf="default->default">{artifact}</dependency>'

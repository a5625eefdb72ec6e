"""Is the compiled-in schema table that of the newest release of Kafka's clients?  Asks Maven, so it needs the network.

    tests/e2e/run --versions backlog

When it fails: put the release into tests/e2e/lab/pom.xml, and make the table anew as HACKING.md says.
"""

import os
import re
import subprocess
import sys

import pytest
from lab.kafka import ROOT
from lab.releases import RELEASES

sys.path.insert(0, os.path.join(ROOT, "tools"))

import gen_schema  # noqa: E402

pytestmark = pytest.mark.versions
TABLE = os.path.join(ROOT, "src", "kafka", "schema_table.c")

# A range and not "RELEASE", which is the one that was published last: that may be an older line's patch.
POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
	<modelVersion>4.0.0</modelVersion>
	<groupId>makoto-kafka</groupId>
	<artifactId>newest-kafka</artifactId>
	<version>1</version>
	<dependencies>
		<dependency>
			<groupId>org.apache.kafka</groupId>
			<artifactId>kafka-clients</artifactId>
			<version>[{compiled},)</version>
		</dependency>
	</dependencies>
</project>
"""


def release_of(table):
    return re.search(r'schema_kafka_version\[\] = "(.+)"', table)[1]


def ranges(table):
    """{API: "first-last"} of a table."""
    return {m[1]: f"{m[2]}-{m[3]}" for m in re.finditer(r'^\t\[\d+\] = \{"(\w+)", (\d+), (\d+),', table, re.M)}


def without_release(table):
    return table.replace(release_of(table), "")


def behind(table, jar):
    """Why the table is behind the jar, naming its release; None: it isn't."""
    newest = gen_schema.version_of(jar)
    at = f"the schema table is of Kafka {release_of(table)}, and {newest} is released"
    try:
        made = gen_schema.generate(jar)
    except SystemExit as e:
        return f"{at}; gen_schema.py must be told of it first: {e}"
    if without_release(made) == without_release(table):
        return None
    old, new = ranges(table), ranges(made)
    changed = [f"{api} {old.get(api, 'not there')} → {new.get(api, 'gone')}" for api in sorted(set(old) | set(new)) if old.get(api) != new.get(api)]
    return f"{at}: {', '.join(changed) or 'fields differ'}"


def newest_jar(folder, compiled):
    (folder / "pom.xml").write_text(POM.format(compiled=compiled))
    cmd = ["mvn", "-q", "-B", "-U", "-f", str(folder / "pom.xml"), "dependency:copy-dependencies"]
    cmd += ["-DincludeArtifactIds=kafka-clients", f"-DoutputDirectory={folder}"]
    p = subprocess.run(cmd, capture_output=True, text=True, timeout=300)
    assert p.returncode == 0, f"Maven can't be asked for the newest release: {(p.stdout + p.stderr)[-2000:]}"
    (jar,) = folder.glob("kafka-clients-*.jar")
    return str(jar)


def compiled_table():
    with open(TABLE, encoding="utf-8") as f:
        return f.read()


def test_the_table_is_not_behind(tmp_path):
    table = compiled_table()
    why = behind(table, newest_jar(tmp_path, release_of(table)))
    assert why is None, why


def jar_of(release):
    return os.path.join(RELEASES[release].lib, f"kafka-clients-{release}.jar")


def test_an_old_table_is_found_out():
    """The table of 4.3.1 is behind 4.4.0, in these."""
    old = gen_schema.generate(jar_of("4.3.1"))
    assert behind(old, jar_of("4.3.1")) is None
    why = behind(old, jar_of("4.4.0"))
    assert why.startswith("the schema table is of Kafka 4.3.1, and 4.4.0 is released: ")
    assert "ApiVersions 0-4 → 0-5" in why and "UnregisterController not there → 0-0" in why
    assert "Produce" not in why


def test_the_newest_is_in_the_matrix():
    """The matrix's brokers end where the table does."""
    assert release_of(compiled_table()) == max(RELEASES.values(), key=lambda r: r.number).version

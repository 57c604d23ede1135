"""DuckDB with its own extensions: runs statements one after the other and prints the rows of the last as JSON. Called by reader.ts."""

import json
import sys

import duckdb

arguments = json.load(sys.stdin)
connection = duckdb.connect(config={"extension_directory": arguments["extensions"], "threads": 2})
connection.execute("SET TimeZone = 'UTC'")
for statement in arguments["statements"]:
    connection.execute(statement)
names = [column[0] for column in connection.description]
print(json.dumps([dict(zip(names, row)) for row in connection.fetchall()], default=str))

"""What delta-rs makes of a table: each command prints one JSON value. Called by oracle.ts."""

import json
import sys
import warnings

warnings.filterwarnings("ignore")

from arro3.core import Array, DataType, Field, Schema, Table  # noqa: E402
from deltalake import DeltaTable, QueryBuilder, write_deltalake  # noqa: E402


def query(uri, storage, sql, version=None):
    """Version, files, and the rows of a query in which the table is called t."""
    table = DeltaTable(uri, version=version, storage_options=storage)
    batches = QueryBuilder().register("t", table).execute(sql).read_all()
    names = batches.schema.names
    rows = [dict(zip(names, values)) for values in zip(*(batches.column(name).to_pylist() for name in names))]
    return {"version": table.version(), "files": len(table.file_uris()), "rows": rows}


def txns(uri, storage, app_ids):
    """How far each application has come, in all digits."""
    table = DeltaTable(uri, storage_options=storage)
    return {app_id: str(table.transaction_version(app_id)) for app_id in app_ids}


def stats(uri, storage):
    """The statistics of each file, as delta-rs understands them."""
    actions = DeltaTable(uri, storage_options=storage).get_add_actions(flatten=True)
    return {name: [str(value) for value in actions.column(name).to_pylist()] for name in actions.schema.names}


def append(uri, storage, columns, times):
    """Appends rows, as a competing writer: {name: [type, values]}."""
    types = {"long": DataType.int64(), "string": DataType.string(), "double": DataType.float64()}
    made = {name: Array(values, types[kind]) for name, (kind, values) in columns.items()}
    fields = Schema([Field(name, types[kind]) for name, (kind, _) in columns.items()])
    for _ in range(times):
        write_deltalake(uri, Table.from_pydict(made, schema=fields), mode="append", schema_mode="merge", storage_options=storage)
    return DeltaTable(uri, storage_options=storage).version()


def checkpoint(uri, storage):
    """A checkpoint by delta-rs."""
    table = DeltaTable(uri, storage_options=storage)
    table.create_checkpoint()
    return table.version()


def optimize(uri, storage):
    return DeltaTable(uri, storage_options=storage).optimize.compact()


commands = {"query": query, "txns": txns, "stats": stats, "append": append, "checkpoint": checkpoint, "optimize": optimize}
name, *arguments = json.load(sys.stdin)
print(json.dumps(commands[name](*arguments), default=str))

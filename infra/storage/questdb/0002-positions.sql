-- Where functions stand whose effects are in these tables. One row a slot and epoch of the stream: `timestamp` is always 1970, so a row
-- replaces the one before; the position is the row with the greatest version. `ns` is text: beyond 2^53 JSON numbers lose digits.

CREATE TABLE IF NOT EXISTS function_positions (
  timestamp TIMESTAMP, function SYMBOL, stream SYMBOL, slot INT, epoch INT, version LONG, ns VARCHAR
) TIMESTAMP(timestamp) PARTITION BY YEAR WAL DEDUP UPSERT KEYS(timestamp, function, stream, slot, epoch);

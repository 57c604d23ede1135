-- Bars. Every version of a bar is a row of its own, so writes commute, repeat harmlessly, and a writer that wakes up late can never put an
-- older version over a newer one (docs/decisions/0004). What people query are the views: each bar at its greatest version.
--
-- A view groups by (timestamp, symbol, exchange); filters on those are pushed through the grouping, filters on anything else are not.
-- arg_max keeps a NULL of the row it picks, but knows no text; so the text of the newest version is the greatest of "version, then text",
-- the version lifted to a fixed 17 digits. A trade id that is NULL and one that is empty both come out as NULL.
-- `rev`, `trades` and all `_ms` are LONG: no bar that the contract allows is refused.

CREATE TABLE IF NOT EXISTS ohlcv_1m_versions (
  timestamp TIMESTAMP, symbol SYMBOL, exchange SYMBOL,
  open DOUBLE, high DOUBLE, low DOUBLE, close DOUBLE, volume DOUBLE, quote_volume DOUBLE,
  trades LONG, buy_volume DOUBLE, sell_volume DOUBLE, vwap DOUBLE, close_ms LONG,
  first_ms LONG, first_id VARCHAR, last_ms LONG, last_id VARCHAR, rev LONG, version LONG
) TIMESTAMP(timestamp) PARTITION BY DAY WAL DEDUP UPSERT KEYS(timestamp, symbol, exchange, version);

CREATE OR REPLACE VIEW ohlcv_1m AS (
  SELECT timestamp, symbol, exchange,
    arg_max(open, version) open, arg_max(high, version) high, arg_max(low, version) low, arg_max(close, version) close,
    arg_max(volume, version) volume, arg_max(quote_volume, version) quote_volume, arg_max(trades, version) trades,
    arg_max(buy_volume, version) buy_volume, arg_max(sell_volume, version) sell_volume, arg_max(vwap, version) vwap,
    arg_max(close_ms, version) close_ms,
    arg_max(first_ms, version) first_ms, nullif(substring(max(concat(version + 10000000000000000, first_id)), 18, 65536), '') first_id,
    arg_max(last_ms, version) last_ms, nullif(substring(max(concat(version + 10000000000000000, last_id)), 18, 65536), '') last_id,
    arg_max(rev, version) rev, max(version) version
  FROM ohlcv_1m_versions
);

CREATE TABLE IF NOT EXISTS ohlcv_5m_versions (
  timestamp TIMESTAMP, symbol SYMBOL, exchange SYMBOL,
  open DOUBLE, high DOUBLE, low DOUBLE, close DOUBLE, volume DOUBLE, quote_volume DOUBLE,
  trades LONG, buy_volume DOUBLE, sell_volume DOUBLE, vwap DOUBLE, close_ms LONG,
  first_ms LONG, first_id VARCHAR, last_ms LONG, last_id VARCHAR, rev LONG, version LONG
) TIMESTAMP(timestamp) PARTITION BY WEEK WAL DEDUP UPSERT KEYS(timestamp, symbol, exchange, version);

CREATE OR REPLACE VIEW ohlcv_5m AS (
  SELECT timestamp, symbol, exchange,
    arg_max(open, version) open, arg_max(high, version) high, arg_max(low, version) low, arg_max(close, version) close,
    arg_max(volume, version) volume, arg_max(quote_volume, version) quote_volume, arg_max(trades, version) trades,
    arg_max(buy_volume, version) buy_volume, arg_max(sell_volume, version) sell_volume, arg_max(vwap, version) vwap,
    arg_max(close_ms, version) close_ms,
    arg_max(first_ms, version) first_ms, nullif(substring(max(concat(version + 10000000000000000, first_id)), 18, 65536), '') first_id,
    arg_max(last_ms, version) last_ms, nullif(substring(max(concat(version + 10000000000000000, last_id)), 18, 65536), '') last_id,
    arg_max(rev, version) rev, max(version) version
  FROM ohlcv_5m_versions
);

CREATE TABLE IF NOT EXISTS ohlcv_15m_versions (
  timestamp TIMESTAMP, symbol SYMBOL, exchange SYMBOL,
  open DOUBLE, high DOUBLE, low DOUBLE, close DOUBLE, volume DOUBLE, quote_volume DOUBLE,
  trades LONG, buy_volume DOUBLE, sell_volume DOUBLE, vwap DOUBLE, close_ms LONG,
  first_ms LONG, first_id VARCHAR, last_ms LONG, last_id VARCHAR, rev LONG, version LONG
) TIMESTAMP(timestamp) PARTITION BY MONTH WAL DEDUP UPSERT KEYS(timestamp, symbol, exchange, version);

CREATE OR REPLACE VIEW ohlcv_15m AS (
  SELECT timestamp, symbol, exchange,
    arg_max(open, version) open, arg_max(high, version) high, arg_max(low, version) low, arg_max(close, version) close,
    arg_max(volume, version) volume, arg_max(quote_volume, version) quote_volume, arg_max(trades, version) trades,
    arg_max(buy_volume, version) buy_volume, arg_max(sell_volume, version) sell_volume, arg_max(vwap, version) vwap,
    arg_max(close_ms, version) close_ms,
    arg_max(first_ms, version) first_ms, nullif(substring(max(concat(version + 10000000000000000, first_id)), 18, 65536), '') first_id,
    arg_max(last_ms, version) last_ms, nullif(substring(max(concat(version + 10000000000000000, last_id)), 18, 65536), '') last_id,
    arg_max(rev, version) rev, max(version) version
  FROM ohlcv_15m_versions
);

CREATE TABLE IF NOT EXISTS ohlcv_1h_versions (
  timestamp TIMESTAMP, symbol SYMBOL, exchange SYMBOL,
  open DOUBLE, high DOUBLE, low DOUBLE, close DOUBLE, volume DOUBLE, quote_volume DOUBLE,
  trades LONG, buy_volume DOUBLE, sell_volume DOUBLE, vwap DOUBLE, close_ms LONG,
  first_ms LONG, first_id VARCHAR, last_ms LONG, last_id VARCHAR, rev LONG, version LONG
) TIMESTAMP(timestamp) PARTITION BY MONTH WAL DEDUP UPSERT KEYS(timestamp, symbol, exchange, version);

CREATE OR REPLACE VIEW ohlcv_1h AS (
  SELECT timestamp, symbol, exchange,
    arg_max(open, version) open, arg_max(high, version) high, arg_max(low, version) low, arg_max(close, version) close,
    arg_max(volume, version) volume, arg_max(quote_volume, version) quote_volume, arg_max(trades, version) trades,
    arg_max(buy_volume, version) buy_volume, arg_max(sell_volume, version) sell_volume, arg_max(vwap, version) vwap,
    arg_max(close_ms, version) close_ms,
    arg_max(first_ms, version) first_ms, nullif(substring(max(concat(version + 10000000000000000, first_id)), 18, 65536), '') first_id,
    arg_max(last_ms, version) last_ms, nullif(substring(max(concat(version + 10000000000000000, last_id)), 18, 65536), '') last_id,
    arg_max(rev, version) rev, max(version) version
  FROM ohlcv_1h_versions
);

CREATE TABLE IF NOT EXISTS ohlcv_1d_versions (
  timestamp TIMESTAMP, symbol SYMBOL, exchange SYMBOL,
  open DOUBLE, high DOUBLE, low DOUBLE, close DOUBLE, volume DOUBLE, quote_volume DOUBLE,
  trades LONG, buy_volume DOUBLE, sell_volume DOUBLE, vwap DOUBLE, close_ms LONG,
  first_ms LONG, first_id VARCHAR, last_ms LONG, last_id VARCHAR, rev LONG, version LONG
) TIMESTAMP(timestamp) PARTITION BY YEAR WAL DEDUP UPSERT KEYS(timestamp, symbol, exchange, version);

CREATE OR REPLACE VIEW ohlcv_1d AS (
  SELECT timestamp, symbol, exchange,
    arg_max(open, version) open, arg_max(high, version) high, arg_max(low, version) low, arg_max(close, version) close,
    arg_max(volume, version) volume, arg_max(quote_volume, version) quote_volume, arg_max(trades, version) trades,
    arg_max(buy_volume, version) buy_volume, arg_max(sell_volume, version) sell_volume, arg_max(vwap, version) vwap,
    arg_max(close_ms, version) close_ms,
    arg_max(first_ms, version) first_ms, nullif(substring(max(concat(version + 10000000000000000, first_id)), 18, 65536), '') first_id,
    arg_max(last_ms, version) last_ms, nullif(substring(max(concat(version + 10000000000000000, last_id)), 18, 65536), '') last_id,
    arg_max(rev, version) rev, max(version) version
  FROM ohlcv_1d_versions
);

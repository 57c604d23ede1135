import type { Row } from '../board.ts'

/** Rows of the seeds that later parts of the platform will answer. */
export const LATER: readonly Row[] = [
  { id: 'A8', test: 'exchange gateway, nats sub ticks.>', required: 'subject ticks.{exchange}.{symbol}, valid payload' },
  { id: 'A9', test: '1500 x GET /ticker/BTCUSDT', required: 'limiter kicks in, no 429 from the exchange' },
  { id: 'A11', test: 'exchange to QuestDB', required: 'no loss, 1000 ticks/s, < 100 ms' },
  { id: 'A12', test: 'paper order on orders.test_account.new', required: 'fill within 1 s' },
  { id: 'A13', test: 'order of 100 BTCUSDT at 45000', required: 'rejected, limit logged' },
  { id: 'A15', test: 'authn issues a JWT, OPA evaluates a policy', required: 'both answer' },
  { id: 'A17', test: 'risk and order speed', required: 'risk P50 <= 1.5 ms, oms P50 <= 10, P99 <= 50 ms' },
  { id: 'A18', test: 'API keys', required: 'none in logs or code' },
]

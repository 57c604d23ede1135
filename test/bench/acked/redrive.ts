import { run } from '../../../infra/stack/run.ts'
import { toDeadLetter } from '../../../shared/contract/dead-letter.ts'
import { newTraceparent } from '../../../shared/runtime/trace.ts'
import type { Row } from '../report.ts'
import { median } from '../usage.ts'
import { MAIN, type Rig, STREAM } from './rig.ts'

const LETTERS = 10_000

/** How long `trade2026 dlq redrive --all` takes, the start of its process included. */
export async function redriven(rig: Rig, rounds: number, say: (line: string) => void): Promise<Row[]> {
  const runs: number[] = []
  for (let round = 0; round < rounds; round++) {
    await rig.deploy({})
    await rig.publisher.publishAll(Array.from({ length: LETTERS }, (_, i) => letter(rig.subject(i), round * LETTERS + i + 1)))
    const started = performance.now()
    const { code, stdout } = await run(process.execPath, [MAIN, 'dlq', 'redrive', '--all'], {
      env: { NATS_URL: rig.natsUrl, TRADE2026_DATA: rig.data },
    })
    runs.push((performance.now() - started) / 1000)
    if (code !== 0) throw new Error(`dlq redrive: ${stdout}`)
    say(`  ${LETTERS} dead letters redriven in ${runs.at(-1)!.toFixed(2)} s`)
  }
  return [{ what: `dlq redrive of ${LETTERS.toLocaleString('en')} dead letters`, unit: 's', median: median(runs), runs }]
}

const letter = (subject: string, sequence: number) =>
  toDeadLetter({
    functionName: 'no-op',
    stream: STREAM,
    sequence,
    subject,
    code: 'FAILED',
    error: '422: no',
    attempts: 8,
    timeMs: Date.now(),
    headers: undefined,
    traceparent: newTraceparent(),
    body: Buffer.alloc(200, 'x'),
  })

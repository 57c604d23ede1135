import { setTimeout as sleep } from 'node:timers/promises'
import { stopLeftovers, supervisorOf } from '../stack/claim.ts'
import { Problem } from '../stack/problem.ts'
import { readRecords } from '../stack/record.ts'
import { readSettings } from '../stack/settings.ts'

const STOP_MS = 60_000

/** Stops the stack of the data folder, whoever started it, and waits until it has ended. */
export async function down(): Promise<number> {
  const { data } = readSettings()
  const supervisor = supervisorOf(data)
  if (supervisor) {
    console.log(`stopping the stack on ${data} (pid ${supervisor.pid})`)
    process.kill(supervisor.pid, 'SIGTERM')
    const deadline = performance.now() + STOP_MS
    while (supervisorOf(data)) {
      if (performance.now() > deadline) throw new Problem(`the stack (pid ${supervisor.pid}) did not end within ${STOP_MS / 1000} s`)
      await sleep(50)
    }
  }
  const left = readRecords(data).length
  await stopLeftovers(data, console.log)
  console.log(supervisor || left > 0 ? 'stopped' : `nothing runs on ${data}`)
  return 0
}

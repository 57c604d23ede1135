import { type Sample, samplesOf } from './exposition.ts'

/** The metrics that a process of this machine tells on a port; none when it does not answer in time. */
export const readPage = (port: number, withinMs: number): Promise<Sample[]> => readTarget(`127.0.0.1:${port}`, withinMs)

/** The metrics that a process tells at `host:port`; none when it does not answer in time. */
export async function readTarget(target: string, withinMs: number): Promise<Sample[]> {
  try {
    const response = await fetch(`http://${target}/metrics`, { signal: AbortSignal.timeout(withinMs) })
    return samplesOf(await response.text())
  } catch {
    return []
  }
}

import { get } from 'node:http'

/** The status with which a process on a port of this machine answers a path; 0 when it does not in time. */
export function probe(port: number, path: string, timeoutMs: number): Promise<number> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false, timeout: timeoutMs }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode!))
    })
    request.once('timeout', () => request.destroy()).once('error', () => resolve(0))
    request.once('close', () => resolve(0))
  })
}

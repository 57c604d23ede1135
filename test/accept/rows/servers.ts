import { Redis } from 'ioredis'
import { all, type Outcome, type Place, type Row } from '../board.ts'

export const A14: Row = {
  id: 'A14',
  test: 'health and a query of each core server',
  required:
    'NATS healthz, jsz; Valkey PING, SET, GET; QuestDB console, SELECT 1; SeaweedFS cluster/status; OpenSearch _cluster/health, _cat/nodes',
}

/** The curl lines of the seeds' step 6, for the servers that are here. */
export async function servers({ settings: { urls, ports } }: Place): Promise<Outcome> {
  const monitor = `http://127.0.0.1:${ports.natsMonitor}`
  const text = async (url: string) => (await fetch(url, { signal: AbortSignal.timeout(5000) })).text()
  const valkey = new Redis(urls.VALKEY_URL, { maxRetriesPerRequest: 1 })
  valkey.on('error', () => {})
  try {
    const health = JSON.parse(await text(`${monitor}/healthz`))
    const jetStream = JSON.parse(await text(`${monitor}/jsz`))
    const pong = await valkey.ping()
    await valkey.set('test_key', 'test_value')
    const value = await valkey.get('test_key')
    await valkey.del('test_key')
    const console = await text(`${urls.QUESTDB_URL}/`)
    const one = JSON.parse(await text(`${urls.QUESTDB_URL}/exec?query=${encodeURIComponent('SELECT 1')}`))
    const cluster = JSON.parse(await text(`http://127.0.0.1:${ports.s3Inner}/cluster/status`))
    const search = JSON.parse(await text(`${urls.OPENSEARCH_URL}/_cluster/health`))
    const nodes = (await text(`${urls.OPENSEARCH_URL}/_cat/nodes?v`)).trim().split('\n')
    return all(
      `healthz ${health.status}, jsz ${jetStream.streams} streams, ${pong}, ${value}, SELECT 1 -> ${one.dataset}, leader ${cluster.IsLeader}, cluster ${search.status}, ${nodes.length - 1} node; the other three are not built yet`,
      {
        healthz: health.status === 'ok',
        jsz: jetStream.streams >= 3,
        PING: pong === 'PONG',
        GET: value === 'test_value',
        console: /<html/i.test(console),
        'cluster/status': cluster.IsLeader === true,
        '_cluster/health': ['green', 'yellow'].includes(search.status),
        '_cat/nodes': nodes.length === 2,
        'SELECT 1': one.dataset[0][0] === 1,
      },
    )
  } finally {
    valkey.disconnect()
  }
}

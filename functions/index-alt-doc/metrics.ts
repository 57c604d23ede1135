import { Counter, type Registry } from '../../shared/runtime/prometheus.ts'

/** What is counted of documents and of what is none. */
export function documentMetrics(registry: Registry) {
  const registers = [registry]
  const documents = new Counter({
    name: 'alt_stored_documents_total',
    help: 'Documents, by what became of them',
    labelNames: ['what'],
    registers,
  })
  const rejected = new Counter({ name: 'function_rejected_total', help: 'Dead letters, by code', labelNames: ['code'], registers })
  return {
    stored(count: number, near: number, repeats: number) {
      documents.inc({ what: 'stored' }, count)
      documents.inc({ what: 'near' }, near)
      documents.inc({ what: 'repeat' }, repeats)
    },
    rejected: (code: string) => rejected.inc({ code }),
  }
}

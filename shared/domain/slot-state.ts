import type { Bar } from '../contract/bar.ts'
import { decodeSums, encodeSums } from './bar-codec.ts'
import type { BarSettings } from './bar-settings.ts'
import { Bucket } from './bucket.ts'
import { isSettled, takeClosed } from './closing.ts'
import type { Past } from './past.ts'
import { type Events, SymbolState } from './symbol-state.ts'

/** Stored fields of a slot, by name. */
export type Fields = ReadonlyMap<string, Uint8Array>

/** What one batch changed in a slot: what to store, the bars it closed, and the symbols that got trades or closed bars. */
export type SlotChanges = {
  readonly puts: [string, Uint8Array][]
  readonly deletes: string[]
  readonly closed: Bar[]
  readonly touched: readonly SymbolState[]
}

/** The mark of a stored minute that is counted in its larger bars. */
const MERGED = 1

const encoder = new TextEncoder()
const decoder = new TextDecoder()

// Field names: one letter for the kind, the symbol's key, then start (in minutes) and chunk number, base 36.
const minuteOf = (start: number) => (start / 60_000).toString(36)
const symbolField = (key: string) => `s${key}`
const bucketField = (key: string, start: number) => `b${key}:${minuteOf(start)}`
const chunkField = (key: string, start: number, chunk: number) => `i${key}:${minuteOf(start)}:${chunk.toString(36)}`
const largerField = (key: string, interval: number, start: number) => `${interval}${key}:${minuteOf(start)}`

/** All symbols of one slot, and how they are stored: a field a symbol, minute (with its newest ids), larger bar and full chunk of ids. */
export class SlotState implements Events {
  readonly symbols = new Map<string, SymbolState>()
  /** Those with bars that were not handed on as they stand. */
  readonly #unsettled = new Set<SymbolState>()
  #keys = 0
  #dirty: SymbolState[] = []
  #closed: Bar[] = []
  #deletes: string[] = []

  /** The state of a symbol, which begins empty. */
  symbol(exchange: string, symbol: string): SymbolState {
    const name = JSON.stringify([exchange, symbol])
    let state = this.symbols.get(name)
    if (state === undefined) {
      state = new SymbolState(exchange, symbol, (this.#keys++).toString(36))
      this.symbols.set(name, state)
    }
    return state
  }

  /** Notes that a trade changed a symbol. */
  touch(state: SymbolState): void {
    if (state.dirty) return
    state.dirty = true
    this.#dirty.push(state)
    this.#unsettled.add(state)
  }

  closed(bar: Bar): void {
    this.#closed.push(bar)
  }

  bucketDied(state: SymbolState, bucket: Bucket): void {
    this.#deletes.push(bucketField(state.key, bucket.start))
    for (let chunk = 0; chunk < bucket.ids.log.sealed.length; chunk++) this.#deletes.push(chunkField(state.key, bucket.start, chunk))
  }

  largerDied(state: SymbolState, interval: number, start: number): void {
    this.#deletes.push(largerField(state.key, interval, start))
  }

  /**
   * Ends a batch: the bars it closed, and what to store. Call it once a batch; the state then stands for what will be stored.
   * @param nowMs - the broker's time, in a quiet batch.
   * @param upTo - the version up to which messages were taken in.
   */
  takeChanges(settings: BarSettings, nowMs?: number, upTo?: number): SlotChanges {
    const closed = this.#closed
    for (const state of nowMs === undefined ? this.#dirty : this.#unsettled) {
      const bars = takeClosed(state, settings, nowMs, upTo)
      if (bars.length > 0) this.touch(state)
      for (const bar of bars) closed.push(bar)
      if (nowMs !== undefined && isSettled(state)) this.#unsettled.delete(state)
    }
    const puts: [string, Uint8Array][] = []
    const deletes = this.#deletes
    for (const state of this.#dirty) {
      putSymbol(state, puts, deletes)
      state.dirty = false
    }
    const touched = this.#dirty
    this.#dirty = []
    this.#closed = []
    this.#deletes = []
    return { puts, deletes, closed, touched }
  }

  /** Reads a slot back from its stored fields. */
  static load(fields: Fields, settings: BarSettings): SlotState {
    const slot = new SlotState()
    const byKey = new Map<string, SymbolState>()
    for (const [field, bytes] of fields) {
      if (!field.startsWith('s')) continue
      const [exchange, symbol, watermark, past] = JSON.parse(decoder.decode(bytes)) as [string, string, number, Past?]
      const state = new SymbolState(exchange, symbol, field.slice(1))
      state.watermark = watermark
      state.past = past
      state.stored = true
      byKey.set(state.key, state)
      slot.symbols.set(JSON.stringify([exchange, symbol]), state)
      slot.#keys = Math.max(slot.#keys, Number.parseInt(state.key, 36) + 1)
    }
    for (const [field, bytes] of fields) loadBar(field, bytes, byKey, fields)
    for (const state of byKey.values()) {
      state.settle(settings, slot)
      slot.#unsettled.add(state)
    }
    return slot
  }
}

function putSymbol(state: SymbolState, puts: [string, Uint8Array][], deletes: string[]): void {
  const { key, exchange, symbol, watermark, past } = state
  // The minute of the newest trade tells the watermark too: then a commit of a symbol writes one field, not two.
  let isTold = state.stored && past === undefined
  if (isTold) isTold = [...state.buckets.values()].some(({ lastMs }) => lastMs === watermark)
  if (!isTold)
    puts.push([
      symbolField(key),
      encoder.encode(JSON.stringify(past ? [exchange, symbol, watermark, past] : [exchange, symbol, watermark])),
    ])
  state.stored = true
  for (const bucket of state.buckets.values()) {
    if (!bucket.dirty) continue
    bucket.dirty = false
    const { log } = bucket.ids
    const sealed = log.seal()
    const isFinalNow = bucket.merged && !bucket.joined
    bucket.joined = bucket.merged
    if (isFinalNow) joinIds(key, bucket, puts, deletes)
    else if (sealed) puts.push([chunkField(key, bucket.start, log.sealed.length - 1), sealed])
    puts.push([bucketField(key, bucket.start), encodeSums(bucket, bucket.merged ? MERGED : 0, log.open())])
  }
  for (const [interval, bars] of state.larger.entries()) {
    for (const [start, sums] of bars.bars) {
      if (!sums.dirty) continue
      sums.dirty = false
      puts.push([largerField(key, interval, start), encodeSums(sums)])
    }
  }
}

/** Stores the full chunks of a minute's ids as one, in place of those stored before. */
function joinIds(key: string, { ids, start }: Bucket, puts: [string, Uint8Array][], deletes: string[]): void {
  const { sealed } = ids.log
  for (let chunk = 1; chunk < sealed.length; chunk++) deletes.push(chunkField(key, start, chunk))
  if (sealed.length > 0) puts.push([chunkField(key, start, 0), sealed.length === 1 ? sealed[0]! : ids.log.join()])
}

function loadBar(field: string, bytes: Uint8Array, byKey: ReadonlyMap<string, SymbolState>, fields: Fields): void {
  const kind = field[0]!
  if (kind === 's' || kind === 'i') return
  const [key, minute] = field.slice(1).split(':') as [string, string]
  const state = byKey.get(key)!
  const start = Number.parseInt(minute, 36) * 60_000
  if (kind !== 'b') {
    decodeSums(bytes, state.larger[Number(kind)]!.of(start))
    return
  }
  const bucket = new Bucket(start)
  const { mark, tail } = decodeSums(bytes, bucket)
  bucket.merged = bucket.joined = mark === MERGED
  const sealed: Uint8Array[] = []
  for (let chunk = fields.get(chunkField(key, start, 0)); chunk !== undefined; chunk = fields.get(chunkField(key, start, sealed.length)))
    sealed.push(chunk)
  bucket.ids.load(sealed, tail)
  state.buckets.set(start, bucket)
  state.watermark = Math.max(state.watermark, bucket.lastMs)
}

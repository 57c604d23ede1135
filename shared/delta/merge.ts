import type { ParquetGroup } from '../ports/parquet.ts'
import type { Values } from './column-data.ts'
import { compareUtf8 } from './range.ts'

type Row = Readonly<Record<string, Values>>
type Value = string | number | bigint | boolean | null
/** Values of the columns that rows are sorted by. */
type Key = readonly Value[]

/** Rows of one group, `from` up to `to`. */
type Run = { readonly values: Row; readonly from: number; readonly to: number }

/**
 * The rows of all groups in one order, in groups of `groupRows`: a merge that has only those groups in memory whose turn it is, by what their files say of
 * their least values. A group that is not sorted is sorted when it is read. Of equal rows, those of earlier groups come first; null is the least.
 */
export async function* merge(
  groups: readonly ParquetGroup[],
  sortBy: readonly string[],
  groupRows: number,
): AsyncGenerator<{ readonly rows: number; readonly values: Record<string, Values> }> {
  const heap = new Heap(groups.filter(({ rows }) => rows > 0).map((group, order) => new Cursor(group, order, sortBy)))
  let runs: Run[] = []
  let rows = 0
  for (let first = heap.first; first; first = heap.first) {
    if (!first.isOpen) {
      await first.open()
      heap.sink()
      continue
    }
    const run = first.take(heap.second, groupRows - rows)
    runs.push(run)
    rows += run.to - run.from
    if (first.isDone) heap.drop()
    else heap.sink()
    if (rows === groupRows) {
      yield { rows, values: joined(runs, rows) }
      runs = []
      rows = 0
    }
  }
  if (rows > 0) yield { rows, values: joined(runs, rows) }
}

/** A group and how far it is taken. Before it is open it stands at a place that none of its rows is before. */
class Cursor {
  readonly #group: ParquetGroup
  readonly #order: number
  readonly #sortBy: readonly string[]
  #values: Row | undefined
  #columns: readonly Values[] = []
  #at = 0
  #key: Key

  constructor(group: ParquetGroup, order: number, sortBy: readonly string[]) {
    this.#group = group
    this.#order = order
    this.#sortBy = sortBy
    this.#key = sortBy.map((name) => group.least[name] ?? null)
  }

  get isOpen(): boolean {
    return this.#values !== undefined
  }

  get isDone(): boolean {
    return this.#at === this.#group.rows
  }

  async open(): Promise<void> {
    const values = await this.#group.read()
    const { rows } = this.#group
    this.#columns = this.#sortBy.map((name) => values[name]!)
    let isSorted = true
    for (let row = 1; row < rows && isSorted; row++) isSorted = this.#compareRows(row - 1, row) <= 0
    if (!isSorted) {
      const order = Uint32Array.from({ length: rows }, (_, row) => row).sort((a, b) => this.#compareRows(a, b) || a - b)
      for (const [name, column] of Object.entries(values)) values[name] = picked(column, order)
      this.#columns = this.#sortBy.map((name) => values[name]!)
    }
    this.#values = values
    this.#key = this.#keyAt(0)
  }

  /** Takes the rows that come before all of the other cursor, one at least, `most` at most. */
  take(other: Cursor | undefined, most: number): Run {
    const from = this.#at
    const end = Math.min(this.#group.rows, from + most)
    const isBefore = (row: number) => {
      const order = this.#compareKey(row, other!.#key)
      return order < 0 || (order === 0 && other!.isOpen && this.#order < other!.#order)
    }
    let to = from + 1
    if (!other) to = end
    else {
      // Steps that double, then halve: runs are long where files follow one another in time.
      let step = 1
      while (to < end && isBefore(Math.min(to + step, end) - 1)) {
        to = Math.min(to + step, end)
        step *= 2
      }
      let above = Math.min(to + step, end)
      while (to < above) {
        const middle = (to + above) >> 1
        if (isBefore(middle)) to = middle + 1
        else above = middle
      }
    }
    this.#at = to
    const run = { values: this.#values!, from, to }
    if (this.isDone) this.#values = undefined
    else this.#key = this.#keyAt(to)
    return run
  }

  isBefore(other: Cursor): boolean {
    for (let i = 0; i < this.#key.length; i++) {
      const order = compare(this.#key[i]!, other.#key[i]!)
      if (order !== 0) return order < 0
    }
    // One that is not open may have rows at its place that come first.
    if (this.isOpen !== other.isOpen) return other.isOpen
    return this.#order < other.#order
  }

  #keyAt(row: number): Key {
    return this.#columns.map((column) => column[row] as Value)
  }

  #compareRows(a: number, b: number): number {
    for (const column of this.#columns) {
      const order = compare(column[a] as Value, column[b] as Value)
      if (order !== 0) return order
    }
    return 0
  }

  #compareKey(row: number, key: Key): number {
    for (let i = 0; i < key.length; i++) {
      const order = compare(this.#columns[i]![row] as Value, key[i]!)
      if (order !== 0) return order
    }
    return 0
  }
}

function compare(a: Value, b: Value): number {
  if (a === b) return 0
  if (a === null) return -1
  if (b === null) return 1
  if (typeof a === 'string' && typeof b === 'string') return compareUtf8(a, b)
  return a < b ? -1 : 1
}

/** The cursors, the one whose turn it is first. */
class Heap {
  readonly #all: Cursor[]

  constructor(cursors: Cursor[]) {
    this.#all = cursors
    for (let at = (cursors.length >> 1) - 1; at >= 0; at--) this.#sink(at)
  }

  get first(): Cursor | undefined {
    return this.#all[0]
  }

  /** The one that is first among the others. */
  get second(): Cursor | undefined {
    const [, left, right] = this.#all
    return left && right?.isBefore(left) ? right : left
  }

  /** Puts the first where it belongs. */
  sink(): void {
    this.#sink(0)
  }

  /** Takes out the first. */
  drop(): void {
    const last = this.#all.pop()
    if (this.#all.length === 0 || !last) return
    this.#all[0] = last
    this.#sink(0)
  }

  #sink(from: number): void {
    const all = this.#all
    for (let at = from; ; ) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < all.length && all[child]!.isBefore(all[least]!)) least = child
      if (least === at) return
      const moved = all[at]!
      all[at] = all[least]!
      all[least] = moved
      at = least
    }
  }
}

type Typed = BigInt64Array | Float64Array | Int32Array

const isTyped = (values: Values): values is Typed =>
  values instanceof BigInt64Array || values instanceof Float64Array || values instanceof Int32Array

function picked(column: Values, order: Uint32Array): Values {
  if (!isTyped(column)) return Array.from(order, (row) => column[row]!)
  const made = new (column.constructor as new (length: number) => Typed)(order.length)
  for (let i = 0; i < order.length; i++) made[i] = column[order[i]!]!
  return made
}

function joined(runs: readonly Run[], rows: number): Record<string, Values> {
  return Object.fromEntries(Object.keys(runs[0]!.values).map((name) => [name, joinedColumn(runs, name, rows)]))
}

function joinedColumn(runs: readonly Run[], name: string, rows: number): Values {
  const first = runs[0]!.values[name]!
  let at = 0
  if (isTyped(first) && runs.every(({ values }) => values[name]!.constructor === first.constructor)) {
    const made = new (first.constructor as new (length: number) => Typed)(rows)
    for (const { values, from, to } of runs) {
      made.set((values[name] as Typed).subarray(from, to) as never, at)
      at += to - from
    }
    return made
  }
  const made = new Array<Value>(rows)
  for (const { values, from, to } of runs) {
    const column = values[name]!
    for (let row = from; row < to; row++) made[at++] = column[row] as Value
  }
  return made
}

import type { Action, Add, MetaData, Protocol, Remove, Txn } from './action.ts'

/**
 * A table at one version: what is left when all actions up to it are played one after the other ("Action Reconciliation").
 * It is changed in place as commits come in; `version` is -1 while there is no table.
 */
export class Snapshot {
  version = -1
  protocol: Protocol | undefined
  metaData: MetaData | undefined
  /** Live files by their path as the log has it. */
  readonly files = new Map<string, Add>()
  /** Files that were removed and whose tombstones have not expired, as far as checkpoints have kept them. */
  readonly tombstones = new Map<string, Remove>()
  /** How far each application has come. */
  readonly txns = new Map<string, Txn>()

  /** Takes in the actions of one version. Within it their order does not matter but for files, of which it names each once. */
  apply(version: number, actions: Iterable<Action>): void {
    for (const action of actions) {
      if ('add' in action) {
        this.files.set(action.add.path, action.add)
        this.tombstones.delete(action.add.path)
      } else if ('remove' in action) {
        this.files.delete(action.remove.path)
        this.tombstones.set(action.remove.path, action.remove)
      } else if ('txn' in action) this.txns.set(action.txn.appId, action.txn)
      else if ('metaData' in action) this.metaData = action.metaData
      else if ('protocol' in action) this.protocol = action.protocol
    }
    this.version = version
  }

  /** Forgets tombstones older than this (ms), the oldest ones first: who lives for weeks does not gather those of weeks. */
  forgetTombstones(beforeMs: number): void {
    for (const [path, { deletionTimestamp }] of this.tombstones) {
      if ((deletionTimestamp ?? 0) >= beforeMs) return
      this.tombstones.delete(path)
    }
  }

  /** Where an application stands; undefined where it has committed nothing. */
  txnVersion(appId: string): bigint | undefined {
    return this.txns.get(appId)?.version
  }
}

import bars from './0001-bars.sql?raw'
import positions from './0002-positions.sql?raw'
import type { Migrations } from './apply.ts'

/** The numbered files of this folder as a bundle carries them along. */
export const MIGRATIONS: Migrations = { '0001-bars.sql': bars, '0002-positions.sql': positions }

import { expect, test } from 'vitest'
import { migrationsHere } from '../../../../infra/storage/questdb/apply.ts'
import { MIGRATIONS } from '../../../../infra/storage/questdb/bundled.ts'

test('the bundle carries every migration along, text for text', async () => {
  expect(MIGRATIONS).toEqual(await migrationsHere())
})

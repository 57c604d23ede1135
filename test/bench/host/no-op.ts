import { readBody } from '../../../shared/runtime/body.ts'
import { defineFunction } from '../../../shared/runtime/function.ts'
import { serve } from '../../../shared/runtime/serve.ts'

/** Reads its call whole and says how long it was: what a call costs when the function does nothing. */
const noOp = defineFunction({
  name: 'no-op',
  hot: true,
  routes: (app) => app.post('/', async (c) => c.text(String((await readBody(c, 8 * 1024 * 1024)).length))),
})

serve(noOp, [])
